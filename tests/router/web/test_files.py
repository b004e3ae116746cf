"""Static files, over real connections."""

import gzip
import os

import pytest

from tests.router.web.conftest import Listener


def test_a_directory_answers_with_its_index(listener):
    response, body = listener.ask("/")
    assert response.status == 200
    assert response.getheader("Content-Type") == "text/html; charset=utf-8"
    assert body.decode() == "<!doctype html><title>ä</title>"
    assert listener.ask("/demo/")[1] == b"demo"


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/app.js", "text/javascript; charset=utf-8"),
        ("/module.mjs", "text/javascript; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
        ("/picture.svg", "image/svg+xml; charset=utf-8"),
        ("/note.txt", "text/plain; charset=utf-8"),
        ("/a%20b.txt", "text/plain; charset=utf-8"),
        ("/same.txt", "text/plain; charset=utf-8"),
        ("/note.txt?version=1", "text/plain; charset=utf-8"),
        ("/empty.txt", "text/plain; charset=utf-8"),
    ],
)
def test_a_file_has_the_type_that_browsers_insist_on(listener, path, content_type):
    response, _ = listener.ask(path)
    assert (response.status, response.getheader("Content-Type")) == (200, content_type)


@pytest.mark.parametrize(
    "path",
    [
        "/missing.html",
        "/note.txt/",
        "/note.txt/more.txt",
        "/bare/",
        "/bare",
        "//note.txt",
        "/demo//index.html",
        # not on the list of types
        "/package.json",
        "/program.py",
        "/plain",
        "/fifo.txt",
        "/disguise.js",
        # hidden
        "/.hidden.html",
        "/.git/config.txt",
        # out of the directory
        "/../outside.html",
        "/demo/../../outside.html",
        "/%2e%2e/outside.html",
        "/..%2foutside.html",
        "/demo%2findex.html",
        "/%2fetc%2fhosts.txt",
        "/..%5coutside.html",
        "/out.html",
        "/out/outside.html",
        "/circle.html",
        "/./note.txt",
        # no names
        "/note.txt%00",
        "/%00",
        "/note%ff.txt",
        "/%",
        "/" + "a" * 8000 + ".txt",
    ],
)
def test_what_is_no_file_of_ours_is_404_without_a_word_about_the_disk(listener, path):
    response, body = listener.ask(path)
    assert response.status == 404
    assert response.getheader("Content-Type") == "text/plain; charset=utf-8"
    assert body == b"There is no such file.\n"


def test_a_directory_without_its_slash_is_redirected_within_the_site(listener):
    response, _ = listener.ask("/demo")
    assert (response.status, response.getheader("Location")) == (301, "/demo/")


def test_head_answers_like_get_without_the_body(listener):
    got, body = listener.ask("/note.txt")
    head, nothing = listener.ask("/note.txt", "HEAD")
    assert (head.status, nothing) == (200, b"")
    same = ("Content-Length", "Content-Type", "ETag", "Last-Modified")
    assert [head.getheader(name) for name in same] == [got.getheader(name) for name in same]
    assert head.getheader("Content-Length") == str(len(body))


def test_head_of_a_missing_file_is_404_and_no_matter_for_the_log(listener):
    response, nothing = listener.ask("/missing.html", "HEAD")
    assert (response.status, response.getheader("Content-Length"), nothing) == (404, "23", b"")
    assert "returning a message body" not in listener.log()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW"])
@pytest.mark.parametrize("path", ["/", "/note.txt", "/ws"])
def test_another_method_is_405_and_names_those_that_work(listener, method, path):
    response, _ = listener.ask(path, method)
    assert (response.status, response.getheader("Allow")) == (405, "GET, HEAD")


def test_a_known_tag_gets_304_without_a_body(listener):
    tag = listener.ask("/note.txt")[0].getheader("ETag")
    for condition in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        response, body = listener.ask("/note.txt", if_none_match=condition)
        assert (response.status, body) == (304, b"")
        assert response.getheader("ETag") == tag
        assert response.getheader("Cache-Control") == "no-cache"
    assert listener.ask("/note.txt", if_none_match='"other"')[0].status == 200


def test_a_known_date_gets_304_unless_a_tag_says_otherwise(listener):
    date = listener.ask("/note.txt")[0].getheader("Last-Modified")
    assert listener.ask("/note.txt", if_modified_since=date)[0].status == 304
    assert listener.ask("/note.txt", if_modified_since=date, if_none_match='"other"')[0].status == 200
    assert listener.ask("/note.txt", if_modified_since="Thu, 01 Jan 1970 00:00:00 GMT")[0].status == 200
    for nonsense in ("yesterday", ""):
        assert listener.ask("/note.txt", if_modified_since=nonsense)[0].status == 200


@pytest.mark.parametrize(
    ("asked", "status", "content_range", "body"),
    [
        ("bytes=2-4", 206, "bytes 2-4/10", b"234"),
        ("bytes=7-", 206, "bytes 7-9/10", b"789"),
        ("bytes=7-99", 206, "bytes 7-9/10", b"789"),
        ("bytes=-3", 206, "bytes 7-9/10", b"789"),
        ("bytes=-99", 206, "bytes 0-9/10", b"0123456789"),
        ("bytes=10-", 416, "bytes */10", b""),
        ("bytes=-0", 416, "bytes */10", b""),
        ("bytes=4-2", 200, None, b"0123456789"),
        ("bytes=-", 200, None, b"0123456789"),
        ("bytes=0-1,3-4", 200, None, b"0123456789"),
        ("lines=1-2", 200, None, b"0123456789"),
        ("bytes=" + "9" * 5000 + "-", 200, None, b"0123456789"),
    ],
)
def test_a_range_gets_its_part(listener, asked, status, content_range, body):
    response, got = listener.ask("/note.txt", range=asked)
    assert (response.status, response.getheader("Content-Range"), got) == (status, content_range, body)


def test_a_range_of_another_version_gets_the_whole_file(listener):
    tag = listener.ask("/note.txt")[0].getheader("ETag")
    assert listener.ask("/note.txt", range="bytes=1-2", if_range=tag)[0].status == 206
    assert listener.ask("/note.txt", range="bytes=1-2", if_range='"other"')[0].status == 200


def test_own_files_are_asked_about_each_time_and_vendored_ones_are_kept(listener):
    assert listener.ask("/app.js")[0].getheader("Cache-Control") == "no-cache"
    assert listener.ask("/vendor/library.min.js")[0].getheader("Cache-Control") == "public, max-age=86400"


def test_a_changed_file_is_sent_anew(start, tmp_path):
    (tmp_path / "index.html").write_text("first")
    listener = start(directory=str(tmp_path))
    tag = listener.ask("/")[0].getheader("ETag")
    (tmp_path / "index.html").write_text("second version")
    response, body = listener.ask("/", if_none_match=tag)
    assert (response.status, body) == (200, b"second version")


def test_a_part_of_a_big_file_is_that_part(listener):
    response, body = listener.ask("/big.txt", range="bytes=16000000-16200000")
    assert response.status == 206
    assert body == b"".join(b"%015d\n" % n for n in range(1000000, 1012501))[:200001]


def test_the_packaged_page_is_served_by_default_without_what_lies_beside_it(start):
    listener = start()
    assert listener.ask("/")[0].getheader("Content-Type") in ("text/html; charset=utf-8", "text/plain; charset=utf-8")
    for path in ("/__init__.py", "/package.json", "/tests/index.html", "/node_modules/autobahn/index.js"):
        assert listener.ask(path)[0].status == 404


# --- compressed ---------------------------------------------------------------------------------------------------

TEXT = "export const text = 'the same again and again';\n" * 2000


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """A listener with texts that are worth compressing."""
    folder = tmp_path_factory.mktemp("texts")
    (folder / "app.js").write_text(TEXT)
    (folder / "small.js").write_text("export const one = 1;")
    (folder / "picture.png").write_bytes(b"x" * 10000)
    (folder / "ready.js").write_text(TEXT)
    (folder / "ready.js.gz").write_bytes(gzip.compress(b"made before"))
    (folder / "stale.js.gz").write_bytes(gzip.compress(b"older"))
    (folder / "stale.js").write_text(TEXT)
    os.utime(folder / "stale.js.gz", (0, 0))
    (folder / "led-out.js").write_text(TEXT)
    (folder / "led-out.js.gz").symlink_to("/etc/hostname")
    with Listener(folder / "log", directory=str(folder)) as running:
        yield running


@pytest.mark.parametrize("accepted", ["gzip", "br;q=1.0, gzip;q=0.8, *;q=0.1", "GZIP", "*", "deflate, gzip"])
def test_a_text_goes_compressed_to_who_takes_gzip(texts, accepted):
    for _ in range(2):  # made, and kept
        response, body = texts.ask("/app.js", accept_encoding=accepted)
        assert (response.getheader("Content-Encoding"), response.getheader("Vary")) == ("gzip", "Accept-Encoding")
        assert response.getheader("Content-Type") == "text/javascript; charset=utf-8"
        assert gzip.decompress(body).decode() == TEXT
        assert len(body) < len(TEXT) / 10


@pytest.mark.parametrize("accepted", ["identity", "br", "gzip;q=0", "gzip;q=0.000, br", "gzip2", ""])
def test_a_text_goes_as_it_is_to_who_does_not(texts, accepted):
    response, body = texts.ask("/app.js", accept_encoding=accepted)
    assert (response.getheader("Content-Encoding"), response.getheader("Vary")) == (None, "Accept-Encoding")
    assert body.decode() == TEXT


@pytest.mark.parametrize("path", ["/small.js", "/picture.png"])
def test_what_gains_nothing_is_not_compressed(texts, path):
    assert texts.ask(path, accept_encoding="gzip")[0].getheader("Content-Encoding") is None


def test_a_part_is_a_part_of_the_plain_file(texts):
    response, body = texts.ask("/app.js", accept_encoding="gzip", range="bytes=0-5")
    assert (response.status, response.getheader("Content-Encoding"), body) == (206, None, b"export")
    tag = texts.ask("/app.js", accept_encoding="gzip")[0].getheader("ETag")
    response, body = texts.ask("/app.js", accept_encoding="gzip", range="bytes=0-5", if_range=tag)
    assert (response.status, body.decode()) == (200, TEXT)


def test_the_compressed_form_has_a_tag_of_its_own(texts):
    plain = texts.ask("/app.js")[0].getheader("ETag")
    tag = texts.ask("/app.js", accept_encoding="gzip")[0].getheader("ETag")
    assert tag != plain
    response, body = texts.ask("/app.js", accept_encoding="gzip", if_none_match=tag)
    assert (response.status, response.getheader("Vary"), body) == (304, "Accept-Encoding", b"")
    assert texts.ask("/app.js", accept_encoding="gzip", if_none_match=plain)[0].status == 200
    assert texts.ask("/app.js", if_none_match=tag)[0].status == 200


def test_head_of_a_compressed_text_is_like_get(texts):
    got, body = texts.ask("/app.js", accept_encoding="gzip")
    head, nothing = texts.ask("/app.js", "HEAD", accept_encoding="gzip")
    same = ("Content-Length", "Content-Encoding", "ETag", "Vary")
    assert [head.getheader(name) for name in same] == [got.getheader(name) for name in same]
    assert (head.getheader("Content-Length"), nothing) == (str(len(body)), b"")


def test_a_file_that_was_compressed_before_is_sent_unless_it_is_stale_or_leads_out(texts):
    response, body = texts.ask("/ready.js", accept_encoding="gzip")
    assert (response.getheader("Content-Type"), gzip.decompress(body)) == (
        "text/javascript; charset=utf-8",
        b"made before",
    )
    for path in ("/stale.js", "/led-out.js"):
        assert gzip.decompress(texts.ask(path, accept_encoding="gzip")[1]).decode() == TEXT


def test_a_text_that_has_changed_is_compressed_anew(start, tmp_path):
    (tmp_path / "app.js").write_text(TEXT)
    listener = start(directory=str(tmp_path))
    listener.ask("/app.js", accept_encoding="gzip")
    (tmp_path / "app.js").write_text("//" + TEXT)
    assert gzip.decompress(listener.ask("/app.js", accept_encoding="gzip")[1]).decode() == "//" + TEXT
