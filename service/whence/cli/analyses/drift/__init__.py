"""`whence drift`: where declarations and runs differ."""
