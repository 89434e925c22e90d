enum LinuxSysPlaceholder {}
