"""The motion room: speech, emotion and a resting face in, motion coefficients out."""
