"""The video room: frames and sound in, a file out, and back."""
