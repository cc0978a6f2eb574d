"""Pictures as slides in one HTML file that needs nothing else: no server, no network."""

from __future__ import annotations

import html
from base64 import b64encode
from collections.abc import Sequence

from dashboard.export.drawing import printable

__all__ = ["html_slides"]

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:;
 style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>{title}</title>
<style>
body {{ margin: 0; background: #fff; color: #1b2133; font-family: Roboto, "Helvetica Neue",
  Arial, sans-serif; }}
section {{ display: none; box-sizing: border-box; height: 100vh; padding: 2vh 3vw 1vh 3vw;
  flex-direction: column; }}
section.shown {{ display: flex; }}
h1 {{ font-size: clamp(1.5rem, 2.6vw, 3rem); font-weight: 500; margin: 0 0 1vh 0; }}
img {{ flex: 1 1 0; min-height: 0; object-fit: contain; width: 100%; }}
p {{ font-size: clamp(1rem, 1.5vw, 1.9rem); line-height: 1.35; margin: 1vh 0 0 0;
  white-space: pre-line; }}
footer {{ text-align: right; color: #5b6478; }}
@media print {{
  @page {{ size: landscape; }}
  section {{ display: flex; height: 95vh; break-after: page; }}
}}
</style>
</head>
<body>
{sections}
<script>
const slides = [...document.querySelectorAll('section')];
let at = Math.min(Math.max(parseInt(location.hash.slice(1)) || 1, 1), slides.length) - 1;
function show(next) {{
  at = Math.min(Math.max(next, 0), slides.length - 1);
  slides.forEach((slide, n) => slide.classList.toggle('shown', n === at));
  try {{ history.replaceState(null, '', '#' + (at + 1)); }} catch (error) {{ }}
}}
document.addEventListener('keydown', (event) => {{
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const to = {{ ArrowRight: at + 1, ArrowDown: at + 1, PageDown: at + 1, ' ': at + 1,
    ArrowLeft: at - 1, ArrowUp: at - 1, PageUp: at - 1, Home: 0, End: slides.length - 1 }};
  if (event.key in to) {{ event.preventDefault(); show(to[event.key]); }}
  if (event.key === 'f') document.documentElement.requestFullscreen?.();
}});
document.addEventListener('click', (event) => {{
  if (String(getSelection()) === '') show(at + (event.clientX < innerWidth / 3 ? -1 : 1));
}});
show(at);
</script>
</body>
</html>
"""

_SECTION = """<section aria-label="{number}">
<h1>{title}</h1>
<img alt="{title}" src="data:image/svg+xml;base64,{picture}">
{note}<footer>{number}</footer>
</section>"""


def html_slides(words: Sequence[tuple[str, str]], pictures: Sequence[bytes]) -> str:
    """Write slides.

    Parameters
    ----------
    words
        Title and note of each slide; text from outside, which is escaped.
    pictures
        An SVG file for each. They are embedded as images, in which no script runs.
    """
    sections = []
    for number, ((title, note), picture) in enumerate(zip(words, pictures, strict=True), 1):
        text = "\n".join(html.escape(printable(line)) for line in note.splitlines())
        sections.append(
            _SECTION.format(
                number=f"{number} of {len(words)}",
                title=html.escape(printable(title)),
                picture=b64encode(picture).decode(),
                note=f"<p>{text}</p>\n" if text else "",
            )
        )
    return _PAGE.format(title=html.escape(printable(words[0][0])), sections="\n".join(sections))
