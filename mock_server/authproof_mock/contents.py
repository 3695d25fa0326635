"""Bodies of answers that are not JSON."""

from __future__ import annotations

from base64 import b64decode

from authproof_mock.http import NOTHING, Content, Nothing
from authproof_spec.contract import MediaType
from authproof_spec.pointer import Json

_CONCRETE = {"text/*": "text/plain", "image/*": "image/png"}
_FILES = {
    # One pixel each.
    "image/gif": b64decode("R0lGODdhAQABAIAAAAAAAAAAACwAAAAAAQABAAACAkQBADs="),
    "image/png": b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="),
    "image/svg+xml": b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>',
}


def content(media: MediaType, value: Json) -> Content | Nothing:
    """`value`, an example or what a schema allows, as a body of `media`; a file where it is none. NOTHING for what no text says, such as XML."""
    name = _CONCRETE.get(media.essence, media.essence)
    if name in _FILES and not media.examples:
        return Content(name, _FILES[name])
    if not isinstance(value, str) and (media.examples or name.endswith("xml")):
        return NOTHING
    return Content(media.name if name == media.essence else name, (value if isinstance(value, str) else "text").encode())
