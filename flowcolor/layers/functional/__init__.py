"""What layers are made of: functions of tensors, without a contract of their own."""
