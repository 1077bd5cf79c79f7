"""What things are. No I/O, no clock, no frameworks."""
