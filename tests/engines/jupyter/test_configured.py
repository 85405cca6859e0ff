from pathlib import Path

from assay.engines.jupyter import configured


def test_extensions_named_in_python_are_known_as_those_in_json_are(tmp_path: Path) -> None:
    """They were kept under the trait's own name, where nobody asked for them."""
    (tmp_path / "jupyter_server_config.py").write_text(
        "c.ServerApp.jpserver_extensions = {'one': True, 'two': False}\n"
    )
    (tmp_path / "jupyter_server_config.json").write_text(
        '{"ServerApp": {"jpserver_extensions": {"three": true}}}'
    )
    settings, _ = configured.read([tmp_path])
    assert {n: v.value for n, v in settings.known.items()} == {
        "extension one": True,
        "extension two": False,
        "extension three": True,
    }
