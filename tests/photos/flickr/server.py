"""A small Flickr on this machine that speaks the documented answers and can be told to fail."""

import io
import json
import math
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import numpy as np
from PIL import Image

KEY = "0123456789abcdef0123456789abcdef"
PLACE = "52 deg 31' 12.02\" N"
SERIAL = "SN-40404040"

LICENCES = [
    ("0", "All Rights Reserved", ""),
    ("1", "Attribution-NonCommercial-ShareAlike License", "by-nc-sa/2.0/"),
    ("4", "Attribution License", "by/2.0/"),
    ("5", "Attribution-ShareAlike License", "by-sa/2.0/"),
    ("6", "Attribution-NoDerivs License", "by-nd/2.0/"),
    ("7", "No known copyright restrictions", "https://www.flickr.com/commons/usage/"),
    ("8", "United States Government Work", "http://www.usa.gov/copyright.shtml"),
    ("9", "Public Domain Dedication (CC0)", "publicdomain/zero/1.0/"),
    ("10", "Public Domain Mark", "publicdomain/mark/1.0/"),
    ("11", "Attribution 4.0", "by/4.0/"),
]


@dataclass
class Photo:
    id: str
    owner: str = "1@N00"
    taken: str = "2010-05-03 12:00:00"
    licence: str = "4"
    width: int = 120
    height: int = 104
    granularity: Any = "0"
    unknown: Any = "0"
    suffix: str = "jpg"
    exif: dict[str, str] = field(default_factory=lambda: {"Make": "Canon", "FNumber": "2.8"})


@cache
def picture(width: int = 120, height: int = 104) -> bytes:
    """A JPEG whose EXIF block says where it was taken and by which very camera."""
    noise = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    exif = Image.Exif()
    exif[0x010F], exif[0x0112], exif[0x8298] = "Canon", 6, "(c) A. Photographer"
    exif.get_ifd(0x8769).update({0x829D: 2.8, 0xA431: SERIAL, 0x927C: SERIAL.encode()})
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.02), 29: PLACE})
    stream = io.BytesIO()
    comment = f"taken at {PLACE}"
    shown = Image.fromarray(noise).resize((width, height))
    shown.save(stream, "JPEG", quality=80, exif=exif, comment=comment)
    return stream.getvalue()


class FakeFlickr:
    """What the server knows, does wrong and has been asked.

    Attributes:
        photos: The photos by id.
        faults: For a question, such as ("exif", "7"), the faults of its next answers, in turn.
        always: The fault of every answer to a question that has no other.
        log: All questions.
        times: When each came.
        shuffle: Another number gives results in another order.
    """

    def __init__(self, photos: list[Photo]) -> None:
        self.photos = {each.id: each for each in photos}
        self.faults: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.always: dict[tuple[str, str], str] = {}
        self.log: list[tuple[str, str]] = []
        self.forms: list[dict[str, str]] = []
        self.lines: list[str] = []
        self.shuffle = 0
        self.most = 4000
        self.totals: dict[int, int] = {}
        self.delay = 0.0
        self.url = ""

    def asked(self, kind: str) -> list[str]:
        return [key for each, key in self.log if each == kind]

    def answer(self, form: dict[str, str]) -> dict[str, Any]:
        method = form["method"].removeprefix("flickr.photos.")
        return {
            "search": self._search,
            "getExif": self._exif,
            "getInfo": self._info,
            "licenses.getInfo": self._licences,
        }[method](form)

    def _search(self, form: dict[str, str]) -> dict[str, Any]:
        permitted = form["license"].split(",")
        found = [
            each
            for each in self.photos.values()
            if form["min_taken_date"] <= each.taken <= form["max_taken_date"]
            and each.licence in permitted
        ]
        found.sort(key=lambda each: hash((self.shuffle, each.id)) if self.shuffle else each.id)
        size, page = int(form["per_page"]), int(form["page"])
        total = len(found) - self.totals.get(page, 0)
        within = found[: min(total, self.most)]
        # Beyond its limit Flickr repeats what it has shown.
        start = min((page - 1) * size, max(0, self.most - size))
        shown = [self._row(each) for each in within[start : start + size]]
        pages = math.ceil(total / size)
        return {
            "photos": {
                "page": page,
                "pages": pages,
                "perpage": size,
                "total": str(total),
                "photo": shown,
            },
            "stat": "ok",
        }

    def _row(self, photo: Photo) -> dict[str, Any]:
        url = f"{self.url}file/{photo.id}.{photo.suffix}"
        return {
            "id": photo.id,
            "owner": photo.owner,
            "secret": "abc",
            "server": "65535",
            "farm": 66,
            "title": "A private title",
            "ispublic": 1,
            "isfriend": 0,
            "isfamily": 0,
            "license": photo.licence,
            "datetaken": photo.taken,
            "datetakengranularity": photo.granularity,
            "datetakenunknown": photo.unknown,
            "ownername": f"Näme, {photo.owner}",
            "url_o": url,
            "height_o": str(photo.height),
            "width_o": photo.width,
        }

    def _exif(self, form: dict[str, str]) -> dict[str, Any]:
        photo = self.photos[form["photo_id"]]
        tags = [_tag("IFD0" if tag == "Make" else "ExifIFD", tag, raw)
                for tag, raw in photo.exif.items()]  # fmt: skip
        secret = [
            _tag("GPS", "GPSLatitude", PLACE),
            _tag("Composite", "GPSPosition", PLACE),
            _tag("XMP-exif", "GPSLatitude", PLACE),
            _tag("GPS", "Make", PLACE),
            _tag("ExifIFD", "SerialNumber", SERIAL),
            _tag("Canon", "SerialNumber", SERIAL),
        ]
        shown = {"id": photo.id, "secret": "abc", "server": "65535", "farm": 66, "camera": "Canon"}
        return {"photo": {**shown, "exif": [*secret, *tags]}, "stat": "ok"}

    def _info(self, form: dict[str, str]) -> dict[str, Any]:
        photo = self.photos[form["photo_id"]]
        return {"photo": {"id": photo.id, "license": photo.licence}, "stat": "ok"}

    def _licences(self, form: dict[str, str]) -> dict[str, Any]:
        rows = [
            {"id": number, "name": name, "url": _address(url)} for number, name, url in LICENCES
        ]
        return {"licenses": {"license": rows}, "stat": "ok"}


def _address(url: str) -> str:
    if not url or url.startswith("http"):
        return url
    folder = "" if url.startswith("publicdomain") else "licenses/"
    return f"https://creativecommons.org/{folder}{url}"


def _tag(space: str, tag: str, raw: str) -> dict[str, Any]:
    return {
        "tagspace": space,
        "tagspaceid": 0,
        "tag": tag,
        "label": tag,
        "raw": {"_content": raw},
        "clean": {"_content": f"clean {raw}"},
    }


def _handler(flickr: FakeFlickr) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            form = {
                key: values[0] for key, values in parse_qs(self.rfile.read(length).decode()).items()
            }
            kind = {
                "flickr.photos.search": "search",
                "flickr.photos.getExif": "exif",
                "flickr.photos.getInfo": "info",
                "flickr.photos.licenses.getInfo": "licences",
            }[form["method"]]
            flickr.forms.append(form)
            self._serve(kind, form.get("photo_id", form.get("page", "")), form)

        def do_GET(self) -> None:
            if self.path.startswith("/moved/"):
                self._send(200, b"GIF89a unavailable", "image/gif")
                return
            name = self.path.rpartition("/")[2]
            self._serve("file", name.partition(".")[0], None)

        def _serve(self, kind: str, key: str, form: dict[str, str] | None) -> None:
            flickr.log.append((kind, key))
            flickr.lines.append(f"{self.requestline}\n{self.headers}")
            time.sleep(flickr.delay)
            queue = flickr.faults[kind, key]
            fault = queue.pop(0) if queue else flickr.always.get((kind, key), "")
            if fault:
                self._fail(fault, key, form)
            elif form is None:
                photo = flickr.photos[key]
                self._send(200, picture(photo.width, photo.height), "image/jpeg")
            elif form["api_key"] != KEY:
                said = f"Invalid API Key (Key {form['api_key']} has invalid format)"
                self._json({"stat": "fail", "code": 100, "message": said})
            else:
                self._json(flickr.answer(form))

        def _fail(self, fault: str, key: str, form: dict[str, str] | None) -> None:
            name, _, value = fault.partition(":")
            whole = picture()
            # A server that chatters: an error page that repeats the whole question.
            page = f"<html>Sorry. You asked {form}</html>".encode()
            if name == "http":
                status, _, after = value.partition(",")
                headers = {"Retry-After": after} if after else {}
                self._send(int(status), page, "text/html", headers)
            elif name == "code":
                said = f"That failed: {form and form['api_key']}"
                self._json({"stat": "fail", "code": int(value), "message": said})
            elif name == "html":
                self._send(200, page, "text/html")
            elif name == "cut":
                self._send(200, whole[: len(whole) // 2], "image/jpeg", length=len(whole))
            elif name == "truncated":
                self._send(200, whole[: len(whole) // 2], "image/jpeg")
            elif name == "damaged":
                self._send(200, whole[:700] + whole[-200:], "image/jpeg")
            elif name == "png":
                self._send(200, b"\x89PNG\r\n\x1a\n", "image/png")
            elif name == "drop":
                self.close_connection = True
            elif name == "silent":
                time.sleep(float(value))
            elif name == "redirect":
                self._send(302, b"", "text/html", {"Location": "/moved/photo_unavailable.gif"})
            elif name == "shape":
                self._json({"stat": "ok", "photos": {"photo": 7}, "photo": ["exif"]})
            elif name == "empty":
                counts = {"page": 2, "pages": 0, "perpage": form and form["per_page"], "total": 0}
                self._json({"stat": "ok", "photos": {**counts, "photo": []}})
            else:
                raise ValueError(fault)

        def _json(self, value: dict[str, Any]) -> None:
            self._send(200, json.dumps(value).encode(), "application/json")

        def _send(
            self,
            status: int,
            body: bytes,
            kind: str,
            headers: dict[str, str] | None = None,
            length: int | None = None,
        ) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": kind, **(headers or {})}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@contextmanager
def running(flickr: FakeFlickr) -> Iterator[FakeFlickr]:
    """Serve on the loopback interface; ``flickr.url`` is where."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(flickr))
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    flickr.url = f"http://127.0.0.1:{server.server_address[1]}/"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield flickr
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
