"""Any file can be chosen on the page: what it holds is judged by the server, which looks inside."""

from __future__ import annotations

ANY_FILE = """() => {
  const kinds = {portrait: 'image/png', 'feeling-picture': 'image/png',
                 voice: 'audio/wav', 'feeling-voice': 'audio/wav'};
  const accepted = {image: 'image/*,.heic,.heif', audio: 'audio/*,video/*,.caf,.amr,.3gp,.mka'};
  const places = Object.keys(kinds).map((id) => `#${id}`).join(', ');
  const placeOf = (input) => input.type === 'file' ? input.closest(places) : null;
  const taken = (file, kind) => file.type.startsWith('image/') && kind.startsWith('image/')
    ? file : new File([file], file.name, {type: kind});
  const listen = (name, answer) => document.addEventListener(name, (event) => {
    if (event.target instanceof Element) answer(event, event.target);
  }, true);  // before Gradio
  listen('click', (event, input) => {
    const place = placeOf(input);
    if (place) input.accept = accepted[kinds[place.id].split('/')[0]];
  });
  listen('change', (event, input) => {
    const place = placeOf(input);
    if (!place) return;
    const files = new DataTransfer();
    [...input.files].forEach((file) => files.items.add(taken(file, kinds[place.id])));
    input.files = files.files;
  });
  listen('drop', (event, target) => {
    const input = target.closest(places)?.querySelector('input[type=file]');
    if (!input || !event.dataTransfer?.files.length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    target.dispatchEvent(new DragEvent('dragleave', {bubbles: true}));
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event('change', {bubbles: true}));
  });
}"""
"""Gradio refuses by the type that the browser guesses from a name, without a word of what to do.

So a HEIC photo is refused where the system does not know the ending, and every video as a voice.
Files are given a type that Gradio takes; their names and contents stay as they are.
"""
