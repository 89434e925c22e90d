enum StatusWirePlaceholder {}
