enum DevicePolicyPlaceholder {}
