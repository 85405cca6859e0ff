from __future__ import annotations

import pytest

from assay.kernel.errors import UsageError
from assay.works.settings import Settings, read_settings


def test_environment_over_file_over_default(tmp_path):
    (tmp_path / "config.yaml").write_text("cores: 3\nfour_eyes: yes\nmemory: 2GB\n")
    found = read_settings(tmp_path, {"ASSAY_CORES": "5", "ASSAY_HOME": "/nowhere"})
    assert (found.cores, found.four_eyes, found.memory) == (5, True, "2GB")
    assert read_settings(None, {}).isolation == "full"


@pytest.mark.parametrize(
    "given", [{"isolation": "none"}, {"isolaton": "full"}, {"cores": 0}, {"cores": "x"}, {"four_eyes": "?"}]
)
def test_a_wrong_setting_is_one_sentence(given):
    with pytest.raises(UsageError) as error:
        Settings().updated(given, "here")
    assert "here" in str(error.value)
