"""What strangers write, at its worst: no crash, no living markup, no endless time or memory."""
