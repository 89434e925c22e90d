enum ConfigTextPlaceholder {}
