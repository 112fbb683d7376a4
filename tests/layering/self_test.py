#!/usr/bin/env python3
"""Tests check.py on small trees: a sound one passes, and each tree with one thing wrong is refused for that reason."""
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import check  # noqa: E402

SOUND = {
    "core/simd.hpp": "#include <xsimd/xsimd.hpp>\n#include <vector>\n",
    "core/xtensor.hpp": "#if __has_include(<xtensor/containers/xadapt.hpp>)\n#include <xtensor/containers/xadapt.hpp>\n#endif\n",
    "core/named.hpp": "#include <boost/hana/map.hpp>\n",
    "numeral/shape.hpp": '#include "ohmic/core/simd.hpp"\n',
    "numeral/digits.hpp": '#include "ohmic/numeral/shape.hpp"\n// #include "ohmic/chip/wang2024.hpp"\n',
    "crossbar/shape.hpp": '#include "ohmic/numeral/shape.hpp"\n',
    "crossbar/tile.hpp": '#include "ohmic/numeral/digits.hpp"\n#include "ohmic/crossbar/shape.hpp"\n',
    "attention/product.hpp": '#include "ohmic/crossbar/tile.hpp"\n',
    "program/plan.hpp": '#include "ohmic/crossbar/shape.hpp"\n#include "ohmic/core/named.hpp"\n',
    "cost/roll_up.hpp": '#include "ohmic/program/plan.hpp"\n',
    "model/bert.hpp": '#include "ohmic/attention/product.hpp"\n#include "ohmic/program/plan.hpp"\n#include "ohmic/core/simd.hpp"\n',
    "model/text/word_piece.hpp": '#include <utf8proc.h>\n#include "ohmic/core/simd.hpp"\n',
    "model/import/safetensors.hpp": '#include <nlohmann/json.hpp>\n#include "ohmic/model/bert.hpp"\n',
    "chip/wang2024.hpp": '#include "ohmic/model/bert.hpp"\n#include "ohmic/cost/roll_up.hpp"\n',
    "ohmic.hpp": '#include "ohmic/chip/wang2024.hpp"\n',
}


class layering(unittest.TestCase):
    def problems(self, changes=None, without=(), raw=None):
        headers = {path: "#pragma once\n" + text for path, text in {**SOUND, **(changes or {})}.items()}
        headers.update(raw or {})
        with tempfile.TemporaryDirectory() as root:
            folders = {f"include/ohmic/{path.split('/')[0]}" for path in headers if "/" in path}
            files = {f"include/ohmic/{path}": text for path, text in headers.items()}
            files.update({f"{folder}/README.md": "x\n" for folder in [*folders, *check.TOP_FOLDERS]})
            for path, text in files.items():
                if path in without:
                    continue
                full = os.path.join(root, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w", encoding="utf-8") as file:
                    file.write(text)
            return check.tree(root).check()

    def refused(self, expected, *args, **kwargs):
        problems = self.problems(*args, **kwargs)
        self.assertEqual(len(problems), 1, problems)
        self.assertIn(expected, problems[0])

    def test_a_sound_tree_passes(self):
        self.assertEqual(self.problems(), [])

    def test_a_wrong_edge_is_refused_where_it_is(self):
        self.refused("include/ohmic/numeral/digits.hpp: numeral may include only itself and core",
                     {"numeral/digits.hpp": '#include "ohmic/cost/prices.hpp"\n', "cost/prices.hpp": ""})

    def test_cost_may_not_include_function(self):
        self.refused("chain: cost/roll_up.hpp -> attention/product.hpp",
                     {"cost/roll_up.hpp": '#include "ohmic/attention/product.hpp"\n'})

    def test_program_may_include_shapes_of_numeral_only(self):
        self.refused("chain: program/plan.hpp -> numeral/digits.hpp",
                     {"program/plan.hpp": '#include "ohmic/numeral/digits.hpp"\n'})

    def test_a_shape_header_may_not_bring_the_kernel_into_a_plan(self):
        self.refused("program/plan.hpp -> crossbar/shape.hpp -> numeral/digits.hpp",
                     {"crossbar/shape.hpp": '#include "ohmic/numeral/digits.hpp"\n'})

    def test_the_umbrella_may_not_reach_an_importer(self):
        self.refused("chain: ohmic.hpp -> model/import/safetensors.hpp",
                     {"ohmic.hpp": '#include "ohmic/model/import/safetensors.hpp"\n'})

    def test_a_chip_may_not_reach_a_tokenizer(self):
        self.refused("opt-in", {"chip/wang2024.hpp": '#include "ohmic/model/text/word_piece.hpp"\n'})

    def test_third_party_headers_stay_behind_their_fences(self):
        for header in ["xsimd/xsimd.hpp", "xtensor/xarray.hpp", "boost/hana.hpp", "immintrin.h", "nlohmann/json.hpp",
                       "utf8proc.h", "sys/mman.h"]:
            self.refused("may be included only by", {"numeral/digits.hpp": f"#include <{header}>\n"})

    def test_an_unknown_third_party_is_refused(self):
        for header in ["toml.hpp", "fmt/format.h", "boost/dll.hpp"]:
            self.refused("behind a fence", {"numeral/digits.hpp": f"  #  include <{header}>\n"})

    def test_a_cycle_is_refused(self):
        self.refused("core/named.hpp -> core/action.hpp -> core/named.hpp",
                     {"core/action.hpp": '#include "ohmic/core/named.hpp"\n',
                      "core/named.hpp": '#include "ohmic/core/action.hpp"\n'})

    def test_a_missing_header_is_refused(self):
        self.refused("does not exist", {"numeral/digits.hpp": '#include "ohmic/core/nowhere.hpp"\n'})

    def test_spelling_of_includes(self):
        self.refused("written from the include folder", {"numeral/digits.hpp": '#include "shape.hpp"\n'})
        self.refused("with quotes", {"numeral/digits.hpp": "#include <ohmic/core/simd.hpp>\n"})
        self.refused("include of a macro", {"numeral/digits.hpp": "#include OHMIC_HEADER\n"})

    def test_folders(self):
        self.refused("is no layer", {"util/misc.hpp": ""})
        self.refused("include/ohmic/numeral: has no README.md", without=["include/ohmic/numeral/README.md"])
        self.refused("bench: has no README.md", without=["bench/README.md"])

    def test_files(self):
        self.refused("#pragma once", raw={"core/bare.hpp": "// #pragma once\n"})
        self.refused("is not ASCII", {"core/odd.hpp": "// \u00b5m\n"})


if __name__ == "__main__":
    unittest.main()
