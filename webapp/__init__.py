"""The pages of the web app; beside app.py the only code that knows Gradio."""
