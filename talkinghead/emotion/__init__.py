"""The emotion room: prompt in, emotion per video frame out."""
