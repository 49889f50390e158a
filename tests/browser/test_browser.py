"""The browser that the other tests here look with."""

from __future__ import annotations

import av
import numpy as np
import pytest


@pytest.fixture
def clip(tmp_path):
    """Half a second of H.264, black and then white."""
    with av.open(str(tmp_path / "clip.mp4"), "w") as file:
        stream = file.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for shade in (0, 0, 0, 255, 255):
            picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), shade, np.uint8), format="rgb24")
            file.mux(stream.encode(picture))
        file.mux(stream.encode())
    return tmp_path / "clip.mp4"


def test_it_plays_h264_from_a_file_to_its_end(page, clip):
    place = clip.with_name("page.html")
    place.write_text('<!doctype html><title>A clip</title><video src="clip.mp4" muted></video>')
    page.goto(place.as_uri())
    ended = page.evaluate("""async () => {
        const video = document.querySelector("video")
        await video.play()
        if (!video.ended) await new Promise(done => { video.onended = done })
        return [video.videoWidth, video.currentTime]
    }""")
    assert ended == [64, 0.5]


def test_network_requests_and_failing_scripts_of_a_page_are_detected(page, complaints, tmp_path):
    place = tmp_path / "page.html"
    place.write_text('<!doctype html><title>A page</title><script>nobody()</script><img src="https://example.org/a">')
    page.goto(place.as_uri())
    assert "asked for https://example.org/a" in complaints
    assert any("nobody is not defined" in complaint for complaint in complaints)
    complaints.clear()
