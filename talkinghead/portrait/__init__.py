"""The portrait room: photo in, fitted face out."""
