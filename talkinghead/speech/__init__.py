"""The speech room: sound in, features per video frame out."""
