from __future__ import annotations

import pytest

from talkinghead.errors import BadOption, Cancelled, OutputNotWritable
from talkinghead.mesh.export import check_mesh_path, write_mesh


def test_the_arkit_csv_lies_beside_the_mesh(glb, obj):
    assert glb.motion == glb.mesh.with_suffix(".csv")
    assert obj.motion == obj.mesh.with_suffix(".csv")
    assert glb.motion.read_bytes() == obj.motion.read_bytes()


@pytest.mark.parametrize("name", ["face.fbx", "face", ".glb", "face.mp4"])
def test_other_endings_are_refused(tmp_path, name):
    with pytest.raises(BadOption, match=r"should end in \.glb"):
        check_mesh_path(tmp_path / name)


def test_outputs_that_cannot_be_written_are_refused_before_any_work(tmp_path):
    with pytest.raises(OutputNotWritable, match="does not exist"):
        check_mesh_path(tmp_path / "nowhere" / "face.glb")
    (tmp_path / "face").mkdir()
    (tmp_path / "face" / "diary.txt").write_text("precious")
    with pytest.raises(OutputNotWritable, match=r"other files \(diary.txt\)"):
        check_mesh_path(tmp_path / "face.obj")
    (tmp_path / "taken").write_text("precious")
    with pytest.raises(OutputNotWritable, match="needs a folder"):
        check_mesh_path(tmp_path / "taken.obj")


def test_an_earlier_sequence_is_replaced_as_a_whole(face_model, portrait, moving, tmp_path):
    folder = tmp_path / "face"
    folder.mkdir()
    (folder / "face_0099.obj").write_text("old")
    write_mesh(face_model, portrait.source, moving.frames(0, 2), tmp_path / "face.obj")
    assert not (folder / "face_0099.obj").exists()
    assert (folder / "face_0001.obj").is_file()
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["face", "face.csv", "face.mtl", "face.obj"]


def test_cancelling_leaves_nothing_and_keeps_what_was_there(face_model, portrait, moving, tmp_path):
    earlier = "Timecode,BlendShapeCount,EyeBlinkLeft\n"
    (tmp_path / "face.csv").write_text(earlier)

    def stop(stage, done, total):
        if done >= 5:
            raise Cancelled("stopped by the user")

    with pytest.raises(Cancelled):
        write_mesh(face_model, portrait.source, moving, tmp_path / "face.obj", stop)
    assert [path.name for path in tmp_path.iterdir()] == ["face.csv"]
    assert (tmp_path / "face.csv").read_text() == earlier


@pytest.mark.parametrize("name", ["face.glb", "face.obj"])
@pytest.mark.parametrize("content", ["frame,time,eyeBlinkLeft\n0,0,1\n", "Timecode;x", "\xff"])
def test_a_csv_of_the_users_own_is_not_replaced(
    face_model, portrait, moving, tmp_path, name, content
):
    mine = tmp_path / "face.csv"
    mine.write_text(content)
    with pytest.raises(OutputNotWritable, match=r"face\.csv is written beside the mesh"):
        check_mesh_path(tmp_path / name)
    with pytest.raises(OutputNotWritable, match="another name"):
        write_mesh(face_model, portrait.source, moving, tmp_path / name)
    assert mine.read_text() == content
    assert list(tmp_path.iterdir()) == [mine]


def test_inputs_are_neither_replaced_nor_lie_in_a_folder_that_is(tmp_path):
    folder = tmp_path / "face"
    folder.mkdir()
    photo = folder / "face_me.jpg"
    photo.write_bytes(b"a photo")
    with pytest.raises(OutputNotWritable, match="lies in"):
        check_mesh_path(tmp_path / "face.obj", [photo])
    with pytest.raises(OutputNotWritable, match="other files"):
        check_mesh_path(tmp_path / "face.obj")
    timeline = tmp_path / "turns.csv"
    timeline.write_text("[]")
    with pytest.raises(OutputNotWritable, match="also an input"):
        check_mesh_path(tmp_path / "turns.glb", [timeline])
