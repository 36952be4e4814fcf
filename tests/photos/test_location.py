import io
import tarfile
from pathlib import Path

import pytest
from PIL import Image

from latentprint.embeddings.worker import stamp
from latentprint.errors import LatentprintError
from latentprint.photos import BrokenPhoto, decode
from latentprint.photos.location import Address, located, member_at
from latentprint.photos.members import read_member
from latentprint.photos.tar_archive import list_tar_members


def jpeg(colour: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (16, 8), (colour, 0, 0)).save(buffer, "JPEG")
    return buffer.getvalue()


def tar(files: dict[str, bytes], tar_format: int = tarfile.GNU_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tar_format) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "tar_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]
)
def test_every_member_is_where_the_path_says(tmp_path: Path, tar_format: int) -> None:
    long = "d/" * 50 + "写真.jpg" if tar_format != tarfile.USTAR_FORMAT else "d/b.jpg"
    inner = tar({"c.jpg": b"third", "d.jpg": b"", long: b"fourth"}, tar_format)
    data = {"a.jpg": b"first", long: b"second", "inner.tar": inner, "z.jpg": b"last"}
    archive = tmp_path / "set.tar"
    archive.write_bytes(tar(data, tar_format))
    members = list(list_tar_members(archive))
    nested = {"inner.tar/c.jpg": b"third", "inner.tar/d.jpg": b"", f"inner.tar/{long}": b"fourth"}
    expected = {"a.jpg": b"first", long: b"second", **nested, "z.jpg": b"last"}
    assert {each.name: read_member(each) for each in members} == expected
    for each in members:
        path = tmp_path / each.path_below(tmp_path)
        assert member_at(path) == each
        assert path.suffix == ".jpg"


def test_what_is_no_regular_file_is_not_listed(tmp_path: Path) -> None:
    archive = tmp_path / "set.tar"
    with tarfile.open(archive, "w") as made:
        for name, kind in (("folder", tarfile.DIRTYPE), ("link.jpg", tarfile.SYMTYPE)):
            info = tarfile.TarInfo(name)
            info.type = kind
            made.addfile(info)
    assert list(list_tar_members(archive)) == []


def test_a_photo_in_an_archive_is_decoded_like_a_file(tmp_path: Path) -> None:
    (tmp_path / "set.tar").write_bytes(tar({"in.tar": tar({"a.jpg": jpeg(1), "b.png": jpeg(2)})}))
    (tmp_path / "a.jpg").write_bytes(jpeg(1))
    (tmp_path / "b.png").write_bytes(jpeg(2))
    for member in list_tar_members(tmp_path / "set.tar"):
        path = tmp_path / member.path_below(tmp_path)
        plain = tmp_path / path.name
        inside, outside = decode(path), decode(plain)
        assert (inside.content, inside.note) == (outside.content, outside.note)
        assert stamp(path) == (plain.stat().st_size, (tmp_path / "set.tar").stat().st_mtime_ns)
    assert inside.note == "named .png but holds JPEG"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("set.tar!512+999999!a.jpg", "the archive ends before the photo does"),
        ("set.tar!99999999999999999999999+1!a.jpg", "the archive ends before"),
        ("gone.tar!512+10!a.jpg", "there is no such file"),
        ("folder.tar!512+10!a.jpg", "not a file"),
        ("set.tar!512+0!a.jpg", "the file is empty"),
        ("set.tar!0+100!a.jpg", "not an image"),
    ],
)
def test_a_broken_member_is_reported(tmp_path: Path, path: str, reason: str) -> None:
    (tmp_path / "set.tar").write_bytes(tar({"a.jpg": jpeg(1)}))
    (tmp_path / "folder.tar").mkdir()
    with pytest.raises(BrokenPhoto, match=reason):
        decode(tmp_path / path)


def test_plain_paths_are_no_members(tmp_path: Path) -> None:
    for name in ("a.jpg", "a!b.jpg", "x!1+2!a.jpg", "set.tar!a.jpg", "set.tar!1+b!a.jpg"):
        assert member_at(tmp_path / name) is None
    (tmp_path / "wow!1+2!a.jpg").write_bytes(jpeg(1))
    assert decode(tmp_path / "wow!1+2!a.jpg").format == "JPEG"
    assert stamp(tmp_path / "gone.tar!1+2!a.jpg") == (None, None)


def test_an_archive_that_is_cut_off_anywhere_never_lists_less_in_silence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = {"a.jpg": jpeg(1), "in.tar": tar({"b.jpg": jpeg(2), "c.jpg": jpeg(3)}), "d.jpg": b"x"}
    whole = tar(files)
    used = whole.rstrip(b"\0")
    archive = tmp_path / "set.tar"
    for length in range(0, len(used) - 1, 101):
        archive.write_bytes(whole[:length])
        caplog.clear()
        try:
            found = len(list(list_tar_members(archive)))
        except LatentprintError as error:
            assert "set.tar cannot be read" in str(error)  # noqa: PT017
        else:
            assert found < 4
            assert "it may be cut off" in caplog.text


@pytest.mark.parametrize("inside", [False, True])
def test_a_damaged_header_is_an_error(tmp_path: Path, inside: bool) -> None:
    data = bytearray(tar({"a.jpg": b"a" * 100, "b.jpg": b"b" * 100, "c.jpg": b"c"}))
    data[1024:1034] = b"\xff" * 10  # the header of b.jpg
    archive = tmp_path / "set.tar"
    archive.write_bytes(tar({"in.tar": bytes(data)}) if inside else bytes(data))
    with pytest.raises(LatentprintError, match="no valid header at byte"):
        list(list_tar_members(archive))


def test_what_is_no_tar_archive(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "packed.tar", "w:gz") as made:
        made.addfile(tarfile.TarInfo("a.jpg"))
    (tmp_path / "text.tar").write_text("no archive" * 200)
    (tmp_path / "inside.tar").write_bytes(tar({"bad.tar": b"no archive" * 200}))
    for name in ("packed", "text", "inside", "gone"):
        with pytest.raises(LatentprintError, match="uncompressed tar archive"):
            list(list_tar_members(tmp_path / f"{name}.tar"))


@pytest.mark.parametrize(
    ("text", "shown", "name"),
    [
        ("https://h/a%20b.jpg?w=3&h=%20x", "https://h/a%20b.jpg?w=3&h=%20x", "a%20b.jpg"),
        ("https://u:p@h/a.jpg?id=3&X-Amz-Signature=s", "https://h/a.jpg?id=3", "a.jpg"),
        ("https://h/x.tar?sig=s!1+2!a/b.png", "https://h/x.tar?!1+2!a/b.png", "b.png"),
        ("HTTP://h/a.jpg?token=s#part", "http://h/a.jpg#part", "a.jpg"),
        ("s3://bucket/a?b.jpg", "s3://bucket/a?b.jpg", "a?b.jpg"),
        ("https://u:p@[::1/a.jpg?sig=s", "[::1/a.jpg", "a.jpg"),
    ],
)
def test_an_address_is_kept_whole_and_shown_without_credentials(
    text: str, shown: str, name: str
) -> None:
    address = located(text, Path("/photos"))
    assert isinstance(address, Address)
    assert (address.text, str(address), address.name) == (text, shown, name)
    assert address.is_signed == (text != shown)
    assert "u:p" not in repr(address)


def test_members_of_archives_at_addresses() -> None:
    member = member_at("https://h/s/x.tar?sig=s!512+9!a/b.jpg")
    assert member is not None
    assert member.archive == Address("https://h/s/x.tar?sig=s")
    assert (member.suffix, member.name, member.offset, member.size) == (".tar", "a/b.jpg", 512, 9)
    assert member_at(member.path_below(Path("/photos"))) == member
    assert located("x.tar!1+2!a.jpg", Path("/photos")) == Path("/photos/x.tar!1+2!a.jpg")
    assert str(member.archive.parent / "y.tar") == "https://h/s/y.tar"
