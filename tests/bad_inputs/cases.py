"""The bad inputs of the table in messages.md: files, and the command that reads them. Every case is small, and none may take more
memory or time than a refusal does.
"""
import collections
import json
import os
import sqlite3
import struct
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fuzz"))
import corpus as c  # noqa: E402  (its builders of npy, safetensors, .. files)

CASES = []
Case = collections.namedtuple("Case", "name files arguments before spoil plugin")

# Cases that are to be told the same, for what is wrong is the same. Others that are told the same do not reach what they are named after.
SAME = [
    # CLI11 does not say which word it does not know.
    {"command line: nothing", "command line: no such command", "command line: word of control characters"},
    {"command line: plugin missing", "prices of a plugin: no such plugin"},
    {"config.json of a GPT-NeoX: key heads", "config.json of a Phi: key heads"},
    # A book is read whole before it is asked for the first price that a chip needs.
    {"price book: incomplete", "price book: nothing", "prices of cost_table: nothing", "prices of cost_table: incomplete"},
    {"prices of cost_table: no value", "prices of cost_table: value no text"},
    {"prices of cost_table: no source", "prices of cost_table: line in a source"},
    # JSON that is broken is no list.
    {"vocab.json: " + n for n in ("nothing", "object", "cut", "not UTF-8", "score out of proportion")},
    {"verify: another digest", "verify: changed weights"},
    {"sweep file to merge: deep", "sweep file to merge: meta key twice"},
    {"calibration: data text", "calibration: data list", "calibration: data path"},
    {"chip file: lists 300 deep", "chip file: tables 300 deep", "chip file: keys 100000 deep", "chip file: headers 100000 deep"},
    {"result: full disk", "report: full disk", "mvm: output to a full disk", "prices: full disk"},
]


def case(name, files, *arguments, before=(), spoil=None, plugin=""):
    """A case that --accept and the comparison with messages.md know by its name. files: texts, bytes, or a number of zeros; before: commands that have to succeed first;
    spoil: file -> what makes other bytes of it, once they have; plugin: that is copied to p.so, where it was built."""
    CASES.append(Case(name, {k: v.encode() if isinstance(v, str) else v for k, v in files.items()}, arguments, before,
                      spoil or {}, plugin))


def spoilt_case(name, files, command, path, data):
    """Other bytes in the place of one file, after the command has been through with what was there: what is refused is that file."""
    data = data if isinstance(data, bytes) else data.encode()
    case(name, files, *command, before=[command], spoil={path: lambda _: data})


# --- models that are in order, to be spoilt

LLAMA = {"model_type": "llama", "vocab_size": 8, "hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 2,
         "intermediate_size": 6, "max_position_embeddings": 8, "rms_norm_eps": 1e-5, "hidden_act": "silu"}
BERT = {"model_type": "bert", "vocab_size": 8, "hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 2,
        "intermediate_size": 6, "max_position_embeddings": 8, "type_vocab_size": 2, "hidden_act": "gelu",
        "layer_norm_eps": 1e-12}
TOKENIZER = c.tokenizer({"vocab": {"a": 0, "b": 1, "c": 2, "d": 3, "ab": 4}, "merges": ["a b"]},
                        pre_tokenizer={"type": "ByteLevel", "add_prefix_space": False})


def tensor(*shape):
    n = 1
    for s in shape:
        n *= s
    return "F32", list(shape), c.f32(*[((7 * i) % 11 - 5) / 10 for i in range(n)])


def llama_tensors():
    at = "model.layers.0."
    return {"model.embed_tokens.weight": tensor(8, 4), "lm_head.weight": tensor(8, 4), "model.norm.weight": tensor(4),
            at + "input_layernorm.weight": tensor(4), at + "post_attention_layernorm.weight": tensor(4),
            **{at + "self_attn.%s_proj.weight" % p: tensor(4, 4) for p in "qkvo"},
            at + "mlp.gate_proj.weight": tensor(6, 4), at + "mlp.up_proj.weight": tensor(6, 4),
            at + "mlp.down_proj.weight": tensor(4, 6)}


def llama_folder(**changes):
    files = {"m/config.json": c.to_json(LLAMA), "m/model.safetensors": c.safetensors(llama_tensors()),
             "m/tokenizer.json": TOKENIZER, "m/calib.txt": "a b c d a b c d a b\n" * 3, "data.txt": "ab cd ab cd ab\n" * 2}
    for name, data in changes.items():
        name = name.replace("__", "/", 1).replace("_json", ".json").replace("_txt", ".txt").replace("_st", ".safetensors")
        if data is None:
            files.pop(name)
        else:
            files[name] = data
    return files


def bert_tensors():
    def linear(name, out, inner):
        return {name + ".weight": tensor(out, inner), name + ".bias": tensor(out)}

    def norm(name):
        return {name + ".weight": tensor(4), name + ".bias": tensor(4)}
    e, at = "bert.embeddings.", "bert.encoder.layer.0."
    return {e + "word_embeddings.weight": tensor(8, 4), e + "position_embeddings.weight": tensor(8, 4),
            e + "token_type_embeddings.weight": tensor(2, 4), **norm(e + "LayerNorm"),
            **linear(at + "attention.self.query", 4, 4), **linear(at + "attention.self.key", 4, 4),
            **linear(at + "attention.self.value", 4, 4), **linear(at + "attention.output.dense", 4, 4),
            **norm(at + "attention.output.LayerNorm"), **linear(at + "intermediate.dense", 6, 4),
            **linear(at + "output.dense", 4, 6), **norm(at + "output.LayerNorm"),
            **linear("bert.pooler.dense", 4, 4), **linear("classifier", 2, 4)}


def bert_folder(**changes):
    files = {"m/config.json": c.to_json(BERT), "m/model.safetensors": c.safetensors(bert_tensors()),
             "m/vocab.txt": "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\n", "m/tokenizer_config.json": "{}",
             "m/calib.tsv": "0\ta b\n1\tb c\n", "data.tsv": "0\ta a\n1\tb b\n"}
    for name, data in changes.items():
        name = name.replace("__", "/", 1).replace("_json", ".json").replace("_txt", ".txt").replace("_tsv", ".tsv").replace(
            "_st", ".safetensors")
        if data is None:
            files.pop(name)
        else:
            files[name] = data
    return files


LM = ("deploy", "--model", "m", "--data", "data.txt")
CLASSIFY = ("deploy", "--model", "m", "--data", "data.tsv")

# --- the command line

for name, arguments in {
        "nothing": (), "no such command": ("deplyo",), "no such option": ("cost", "--modle", "gpt2"),
        "option without value": ("cost", "--model"), "required option": ("deploy", "--model", "m"),
        "a word too many": ("cost", "gpt2"), "no option of the program": ("--model", "gpt2"),
        "option twice": ("cost", "--model", "gpt2", "--model", "gpt2"),
        "misspelt instruction set": ("list", "--instruction-set", "avx52"),
        "two commands": ("list", "cost"), "negative seed": ("list", "--seed", "-1"),
        "seed beyond 64 bits": ("list", "--seed", "18446744073709551616"), "seed no number": ("list", "--seed", "one"),
        "threads": ("list", "--threads", "1025"), "tokens negative": ("cost", "--model", "gpt2", "--tokens", "-5"),
        "tokens in hexadecimal": ("cost", "--model", "gpt2", "--tokens", "0x10"), "window with a blank": ("deploy", "--window", " 5"),
        "acceptance of nothing": ("cost", "--model", "gpt2", "--speculate", "2", "--acceptance", ""),
        "resistance of nothing": ("solve", "--r-word", ""), "sinh no number": ("solve", "--sinh", "5 "),
        "tokens out of proportion": ("cost", "--model", "llama_7b", "--tokens", "9223372036854775807"),
        "decode out of proportion": ("cost", "--model", "llama_7b", "--decode", "9223372036854775807"),
        "batch out of proportion": ("cost", "--model", "llama_7b", "--batch", "18446744073709551615"),
        "duplication out of proportion": ("cost", "--model", "gpt2", "--duplication", "18446744073709551615"),
        "unknown model": ("cost", "--model", "gpt3_xxl"), "model's folder": ("cost", "--model", "./none"),
        "unknown chip": ("cost", "--model", "gpt2", "--chip", "wang2042"),
        "chip twice": ("cost", "--model", "gpt2", "--compare", "isaac,isaac"),
        "empty chip": ("cost", "--model", "gpt2", "--chip", ""), "empty model": ("cost", "--model", ""),
        "control characters": ("cost", "--model", "\x1b[31mred\x07"),
        "a name of 5000 bytes": ("cost", "--model", "x" * 5000),
        "a model's name of 5000 bytes": ("deploy", "--model", "y" * 5000, "--data", "y"), "a result's name of 240 bytes": ("cost", "--model", "gpt2", "--json", "x" * 240),
        "an option for a value": ("cost", "--model", "--only", "--json", "r.json"), "no value at the end": ("cost", "--model", "gpt2", "--report"),
        "a name through a file": ("deploy", "--model", "/dev/null/x", "--data", "y"),
        "not UTF-8": ("cost", "--model", b"\xff\xfe"), "no such instruction set": ("list", "--instruction-set", "avx3"),
        "reproduce nothing": ("reproduce", "--only", "Fig 99"), "list what": ("list", "chip"),
        "plugin missing": ("list", "--plugin", "./none.so"), "plugin by name": ("list", "--plugin", "none"),
        "plugin check nothing": ("plugin", "check"), "plugin timeout": ("list", "--plugin-timeout", "0"),
        "tokens to generate": ("generate", "--model", "m", "--prompt", "a", "--tokens", "0"),
        "sweep of nothing": ("sweep",),
        "merge nothing": ("sweep", "merge", "--output", "x.sqlite"),
        "set without equals": ("cost", "--model", "gpt2", "--set", "adc.bits"),
        "set unknown": ("cost", "--model", "gpt2", "--set", "adc.bit=8"),
        "set no number": ("cost", "--model", "gpt2", "--set", "adc.bits=eight"),
        "set out of range": ("cost", "--model", "gpt2", "--set", "adc.bits=99"),
        "set beyond an int": ("cost", "--model", "gpt2", "--set", "adc.bits=99999999999999999999"),
        "set wrong unit": ("cost", "--model", "gpt2", "--set", "cost.cycle=100 nJ"),
        "set without unit": ("cost", "--model", "gpt2", "--set", "cost.cycle=100"),
        "set nan": ("cost", "--model", "gpt2", "--set", "cost.cycle=nan ns"),
        "word of control characters": ("\x1b[31mdeploy",), "option of control characters": ("list", "--\x1b[31m"),
        "prompt not UTF-8": ("generate", "--model", "m", "--prompt", b"a\xff"), "seed of control characters": ("list", "--seed", "\x1b[31m"),
        "set control characters": ("cost", "--model", "gpt2", "--set", "adc.\x1b[2J=1")}.items():
    case("command line: " + name, {}, *arguments)
for name, value in {"temperature nan": "nan", "temperature below 0": "-1", "temperature infinite": "inf"}.items():
    case("command line: " + name, llama_folder(), "generate", "--model", "m", "--prompt", "a", "--tokens", "2", "--temperature", value)
for name, shard in {"shard of none": "2/1", "shard 0": "0/2", "shard no share": "half"}.items():
    case("command line: " + name, {"s.toml": 'model = "gpt2"\n[vary]\nadc.bits = [4, 6]\n[objectives]\narea = "min"\n'},
         "sweep", "--spec", "s.toml", "--output", "s.sqlite", "--shard", shard)

# --- plugins

case("plugin: no ELF file", {"p.so": "not a library" * 10}, "list", "--plugin", "./p.so")
case("plugin: empty", {"p.so": ""}, "list", "--plugin", "./p.so")
case("plugin: a folder", {"p.so/x": ""}, "list", "--plugin", "./p.so")
case("plugin: cut ELF file", {"p.so": b"\x7fELF\x02\x01\x01" + bytes(57)}, "list", "--plugin", "./p.so")

# --- arrays

MVM = ("mvm", "--weights", "w.npy", "--inputs", "x.npy", "--output", "y.npy")
W, X = c.npy("(2, 3)", range(6)), c.npy("(3,)", [1, 2, 3])
case("npy: missing", {"x.npy": X}, *MVM)
case("npy: a folder", {"w.npy/x": "", "x.npy": X}, *MVM)
for name, data in {
        "nothing": b"", "text": b"1 2 3", "magic alone": b"\x93NUMPY", "version 9": b"\x93NUMPY\x09\0" + bytes(100),
        "header beyond the end": c.NPY["header_beyond"], "40 bytes that ask 40 GB": c.npy("(5000000000,)", []),
        "sizes that overflow": c.NPY["huge"], "a size above 2^64": c.npy("(99999999999999999999,)", []),
        "negative size": c.npy("(-1,)", [1]), "no size": c.NPY["no_size"], "three sizes": c.npy("(1, 1, 6)", range(6)),
        "a size of 0": c.npy("(0, 3)", []), "too few numbers": c.npy("(2, 3)", range(5)),
        "too many numbers": c.npy("(2, 3)", range(7)), "whole numbers": c.npy("(2, 3)", range(6), "<i4"),
        "objects": c.npy("(2, 3)", range(6)).replace(b"'<f8'", b"'|O' "), "unknown key": c.npy("(2, 3)", range(6)).replace(
            b"'descr'", b"'dscr' "), "key twice": c.npy("(2, 3)", range(6)).replace(b"'fortran_order': False", b"'shape': (2, 3)       "),
        "shape no tuple": c.npy("[2, 3]", range(6)), "open string": b"\x93NUMPY\x01\0\x08\0{'descr}",
        "code in the header": c.npy("__import__('os')", [1]), "nan": c.npy("(2, 3)", [1, 2, float("nan"), 4, 5, 6]),
        "infinity": c.npy("(2, 3)", [1, 2, float("inf"), 4, 5, 6]), "a vector": c.npy("(6,)", range(6)),
        "all zero": c.npy("(2, 3)", [0] * 6)}.items():
    if name != "all zero":
        case("npy: " + name, {"w.npy": data, "x.npy": X}, *MVM)
case("mvm: inputs of another size", {"w.npy": W, "x.npy": c.npy("(4,)", [1] * 4)}, *MVM)
case("mvm: output is the input", {"w.npy": W, "x.npy": X}, "mvm", "--weights", "w.npy", "--inputs", "x.npy", "--output", "./x.npy")
case("mvm: output to -", {"w.npy": W, "x.npy": X}, *MVM[:-1], "-")
case("mvm: too many bits", {"w.npy": W, "x.npy": X}, *MVM, "--set", "adc.bits=99")
case("mvm: slices", {"w.npy": W, "x.npy": X}, *MVM, "--set", "weights.slices=2,x")
case("mvm: on is off", {"w.npy": W, "x.npy": X}, *MVM, "--set", "cell.r_on=1 Mohm", "--set", "cell.r_off=1 kohm")
case("mvm: a list for a number", {"w.npy": W, "x.npy": X, "a.toml": "[weights]\nbits = [6]"}, *MVM, "--array", "a.toml")
case("mvm: range without calibration", {"w.npy": W, "x.npy": X}, *MVM, "--set", "adc.range=percentile")
case("mvm: limits out of proportion", {"w.npy": W, "x.npy": X}, *MVM, "--set", "adc.range=user", "--set", "adc.low=-1e308", "--set", "adc.high=1e308")
case("mvm: steps out of proportion", {"w.npy": W, "x.npy": X}, *MVM, "--set", "inputs.coding=aihwkit_steps", "--set", "inputs.steps=1e-320")
case("mvm: conductance out of proportion", {"w.npy": W, "x.npy": X}, *MVM, "--set", "cell.r_on=1e-320 ohm")
SOLVE = ("solve", "--conductances", "g.npy", "--voltages", "v.npy", "--output", "i.npy")
G, V = c.npy("(2, 3)", [1e-5] * 6), c.npy("(2,)", [0.1, 0.2])
case("solve: negative device", {"g.npy": c.npy("(2, 3)", [1e-5, -1e-5, 1e-5, 1e-5, 1e-5, 1e-5]), "v.npy": V}, *SOLVE)
case("solve: infinite device", {"g.npy": c.npy("(2, 3)", [float("inf")] * 6), "v.npy": V}, *SOLVE)
case("solve: voltages of another size", {"g.npy": G, "v.npy": c.npy("(3,)", [1, 2, 3])}, *SOLVE)
case("solve: voltage no number", {"g.npy": G, "v.npy": c.npy("(2,)", [float("nan"), 1])}, *SOLVE)
case("solve: negative wire", {"g.npy": G, "v.npy": V}, *SOLVE, "--r-word", "-1")
case("solve: wire no number", {"g.npy": G, "v.npy": V}, *SOLVE, "--r-bit", "nan")
case("solve: both kinds of devices", {"g.npy": G, "v.npy": V}, *SOLVE, "--resistances", "g.npy")
case("solve: nodes of two vectors", {"g.npy": G, "v.npy": c.npy("(2, 2)", [1] * 4)}, *SOLVE, "--nodes", "n")

# --- programmed arrays

LOAD = ("mvm", "--load", "a.safetensors", "--inputs", "x.npy", "--output", "y.npy")
X2 = c.npy("(2,)", [1, 2])
for name, data in {
        "text": b"hello, world", "no metadata": c.SAFETENSORS["two"], "another version": c.PROGRAMMED["format"],
        "unknown setting": c.PROGRAMMED["setting"], "counts": c.PROGRAMMED["counts"], "sizes": c.PROGRAMMED["inputs"],
        "slices out of proportion": c.array_file(slices="4294967295"), "lines": c.array_file(lines="3"),
        "no tensors": c.PROGRAMMED["tensors"], "no settings": c.PROGRAMMED["no_settings"], "setting twice": c.PROGRAMMED["setting_twice"],
        "setting missing": c.PROGRAMMED["setting_missing"], "no gain": c.PROGRAMMED["no_gain"], "siemens": c.PROGRAMMED["siemens"],
        "negative cell": c.array_file().replace(c.f64(1e-5), c.f64(-1e-5)),
        "no number": c.array_file().replace(c.f64(1e-5), c.f64(float("nan"))),
        "no scale": c.array_file().replace(c.f64(0.5), c.f64(0.0))}.items():
    case("programmed array: " + name, {"a.safetensors": data, "x.npy": X2}, *LOAD)

# --- weights

good = c.safetensors(llama_tensors())


def spoilt(**entries):
    return c.safetensors(llama_tensors(), **entries)


for name, data in {
        "nothing": b"", "7 bytes": b"1234567", "text": b"hello, world, hello", "header beyond the end": c.SAFETENSORS["length"],
        "header of 100 MB": struct.pack("<Q", 100_000_001) + b"{}", "no object": struct.pack("<Q", 2) + b"[]",
        "broken JSON": struct.pack("<Q", 2) + b"{x", "deep": struct.pack("<Q", 5000) + b'{"a":{"dtype":"F32","shape":' + b"[" * (5000 - 28),
        "unknown field": spoilt(a={"dtype": "F32", "shape": [0], "data_offsets": [0, 0], "x": 1}),
        "field missing": spoilt(a={"dtype": "F32", "shape": [0]}),
        "unknown type": spoilt(a={"dtype": "F33", "shape": [0], "data_offsets": [0, 0]}),
        "shape that overflows": spoilt(a={"dtype": "F32", "shape": [1 << 32, 1 << 32], "data_offsets": [0, 0]}),
        "40 GB of nothing": spoilt(a={"dtype": "F32", "shape": [10_000_000_000], "data_offsets": [0, 40_000_000_000]}),
        "negative size": spoilt(a={"dtype": "F32", "shape": [-1], "data_offsets": [0, 0]}),
        "offsets backwards": spoilt(a={"dtype": "F32", "shape": [1], "data_offsets": [8, 4]}),
        "overlap": spoilt(a={"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}),
        "33 dimensions": spoilt(a={"dtype": "F32", "shape": [1] * 33, "data_offsets": [0, 4]}),
        "cut": good[:-4], "more": good + b"1234",
        "metadata no text": spoilt(__metadata__={"a": 1}),
        "tensor missing": c.safetensors({k: v for k, v in llama_tensors().items() if k != "lm_head.weight"}),
        "tensor misspelt": c.safetensors({k.replace("lm_head", "lm_haed"): v for k, v in llama_tensors().items()}),
        "another shape": c.safetensors({**llama_tensors(), "lm_head.weight": tensor(4, 8)}),
        "one dimension": c.safetensors({**llama_tensors(), "lm_head.weight": tensor(32)}),
        "nan": c.safetensors({**llama_tensors(), "model.norm.weight": ("F32", [4], c.f32(1, 1, float("nan"), 1))}),
        "whole numbers": c.safetensors({**llama_tensors(), "model.norm.weight": ("I32", [4], bytes(16))}),
        "another layer": c.safetensors({**llama_tensors(), "model.layers.1.x": tensor(1)}),
        "norm of queries": c.safetensors({**llama_tensors(), "model.layers.0.self_attn.q_norm.weight": tensor(2)}),
        "an adapter": c.safetensors({**llama_tensors(), "model.layers.0.self_attn.q_proj.lora_A.weight": tensor(2, 4)}),
        "scales beside floats": c.safetensors({**llama_tensors(), "model.layers.0.self_attn.q_proj.weight_scale": tensor(4)}),
        "bias of the head": c.safetensors({**llama_tensors(), "lm_head.bias": tensor(8)}),
        "control characters": spoilt(**{"\x1b[31m": {"dtype": "\x07", "shape": [0], "data_offsets": [0, 0]}})}.items():
    case("safetensors: " + name, llama_folder(m__model_st=data), *LM)
case("safetensors: missing", llama_folder(m__model_st=None), *LM)
INDEX = "m/model.safetensors.index.json"
for name, index in {
        "outside the folder": {"weight_map": {"a": "../a.safetensors"}}, "absolute path": {"weight_map": {"a": "/etc/passwd"}},
        "parent": {"weight_map": {"a": ".."}}, "itself": {"weight_map": {"a": "model.safetensors.index.json"}},
        "no file": {"weight_map": {"a": "none.safetensors"}}, "no name": {"weight_map": {"a": ""}},
        "number": {"weight_map": {"a": 1}}, "nothing": {"weight_map": {}}, "no map": {}, "list": {"weight_map": []},
        "NUL in the name": {"weight_map": {"a": "a\0b"}}}.items():
    case("index of shards: " + name, {**llama_folder(m__model_st=None), INDEX: c.to_json(index)}, *LM)
for name, extra in {"a tensor that it does not name": {"model.layers.1.mlp.up_proj.weight": tensor(6, 4)},
                    "a tensor in two files": {"model.norm.weight": tensor(4)}}.items():
    part = {k: v for k, v in llama_tensors().items() if k != "lm_head.weight"}
    files = {"a.safetensors": part, "b.safetensors": {"lm_head.weight": llama_tensors()["lm_head.weight"], **extra}}
    case("index of shards: " + name, {
        **llama_folder(m__model_st=None), **{"m/" + file: c.safetensors(tensors) for file, tensors in files.items()},
        INDEX: c.to_json({"weight_map": {**dict.fromkeys(part, "a.safetensors"), "lm_head.weight": "b.safetensors"}})}, *LM)

# --- TensorFlow.js

for name, files in {
        "no weights": {"m/model.json": b"{}"}, "list": {"m/model.json": b"[]"},
        "outside the folder": {"m/model.json": c.manifest([], ["../x"])}, "parent": {"m/model.json": c.manifest([], [".."])},
        "shard missing": {"m/model.json": c.manifest([])},
        "sizes that overflow": {"m/model.json": c.manifest([{"name": "a", "shape": [1 << 32, 1 << 32], "dtype": "float32"}]), "m/shard1": ""},
        "40 GB of nothing": {"m/model.json": c.manifest([{"name": "a", "shape": [10_000_000_000], "dtype": "float32"}]), "m/shard1": ""},
        "a shard 3000 times": {"m/model.json": c.manifest([{"name": "a", "shape": [3000], "dtype": "float32"}], ["shard1"] * 3000), "m/shard1": "1234"},
        "weights of 5 GB": {"m/model.json": c.manifest([{"name": str(i), "shape": [1 << 28], "dtype": "float32"} for i in range(5)]), "m/shard1": "1234"},
        "cut": {"m/model.json": c.manifest([{"name": "a", "shape": [2], "dtype": "float32"}]), "m/shard1": "1234"},
        "type": {"m/model.json": c.manifest([{"name": "a", "shape": [1], "dtype": "string"}]), "m/shard1": "1234"},
        "quantised": {"m/model.json": c.manifest([{"name": "a", "shape": [1], "dtype": "float32", "quantization": {}}]), "m/shard1": "1234"},
        "another model": {"m/model.json": c.manifest([{"name": "a", "shape": [1], "dtype": "float32"}]), "m/shard1": "1234"}}.items():
    case("tfjs: " + name, {**files, "data.tsv": "1\ta\tb\n"}, *CLASSIFY)

# --- other families: GPT-NeoX, Phi, T5

NEOX = {"model_type": "gpt_neox", "vocab_size": 8, "hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 2,
        "intermediate_size": 6, "max_position_embeddings": 8, "rotary_pct": 1.0, "hidden_act": "gelu"}
PHI = {"model_type": "phi", "vocab_size": 8, "hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 2,
       "intermediate_size": 6, "max_position_embeddings": 8, "partial_rotary_factor": 1.0, "hidden_act": "gelu_new"}
T5 = {"model_type": "t5", "vocab_size": 8, "d_model": 4, "d_kv": 2, "d_ff": 6, "num_heads": 2, "num_layers": 1,
      "num_decoder_layers": 1, "relative_attention_num_buckets": 4, "relative_attention_max_distance": 8, "n_positions": 8}


def with_biases(sizes):
    return {name + end: tensor(*size) for name, shape in sizes.items() for end, size in ((".weight", shape), (".bias", shape[:1]))}


def neox_tensors():
    at = "gpt_neox.layers.0."
    return {"gpt_neox.embed_in.weight": tensor(8, 4), "embed_out.weight": tensor(8, 4), **with_biases({
        "gpt_neox.final_layer_norm": (4,), at + "input_layernorm": (4,), at + "post_attention_layernorm": (4,),
        at + "attention.query_key_value": (12, 4), at + "attention.dense": (4, 4), at + "mlp.dense_h_to_4h": (6, 4),
        at + "mlp.dense_4h_to_h": (4, 6)})}


def phi_tensors():
    at = "model.layers.0."
    return {"model.embed_tokens.weight": tensor(8, 4), **with_biases({
        "lm_head": (8, 4), "model.final_layernorm": (4,), at + "input_layernorm": (4,),
        **{at + "self_attn." + name: (4, 4) for name in ("q_proj", "k_proj", "v_proj", "dense")},
        at + "mlp.fc1": (6, 4), at + "mlp.fc2": (4, 6)})}


def t5_tensors():
    out = {"shared.weight": tensor(8, 4)}

    def attention(at, name, bias):
        out.update({at + name + ".%s.weight" % p: tensor(4, 4) for p in "qkvo"})
        out[at + "layer_norm.weight"] = tensor(4)
        if bias:
            out[at + name + ".relative_attention_bias.weight"] = tensor(4, 2)

    def hidden(at):
        out.update({at + "DenseReluDense.wi.weight": tensor(6, 4), at + "DenseReluDense.wo.weight": tensor(4, 6),
                    at + "layer_norm.weight": tensor(4)})
    attention("encoder.block.0.layer.0.", "SelfAttention", True), hidden("encoder.block.0.layer.1.")
    attention("decoder.block.0.layer.0.", "SelfAttention", True)
    attention("decoder.block.0.layer.1.", "EncDecAttention", False), hidden("decoder.block.0.layer.2.")
    out.update({side + ".final_layer_norm.weight": tensor(4) for side in ("encoder", "decoder")})
    return out


def unigram_json(vocab=None, **changes):
    pieces = [["</s>", 0], ["<unk>", 0], ["\u2581", -2.0], ["a", -3.0], ["b", -3.5], ["\u2581a", -4.5], ["aa", -5.5]]
    return c.to_json({"model": {"type": "Unigram", "unk_id": 1, "vocab": pieces if vocab is None else vocab},
                      "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always"},
                      "added_tokens": [{"id": 0, "content": "</s>", "special": True}], **changes})


def decoder_folder(config, tensors):
    return llama_folder(m__config_json=c.to_json(config), m__model_st=c.safetensors(tensors))


T5_FOLDER = {"m/config.json": c.to_json(T5), "m/model.safetensors": c.safetensors(t5_tensors()), "m/tokenizer.json": unigram_json(),
             "m/calib.tsv": "a b\tb a\nb\taa\n", "data.tsv": "a\tb\nb a\ta\n"}
TRANSLATE = ("deploy", "--model", "m", "--data", "data.tsv")
NEOX_FOLDER, PHI_FOLDER = decoder_folder(NEOX, neox_tensors()), decoder_folder(PHI, phi_tensors())
for name, changes in {
        "activation": {"hidden_act": "quick_gelu"}, "no rotation left": {"rotary_pct": 0.25}, "rotation above 1": {"rotary_pct": 2},
        "rotation no number": {"rotary_pct": "all"}, "heads do not divide": {"num_attention_heads": 3},
        "key heads": {"num_key_value_heads": 1}, "epsilon": {"layer_norm_eps": 0}, "no size": {"intermediate_size": None},
        "flag as text": {"use_parallel_residual": "yes"}, "scaling": {"rope_scaling": {"type": "dynamic", "factor": 2}}}.items():
    spoilt_case("config.json of a GPT-NeoX: " + name, NEOX_FOLDER, LM, "m/config.json", c.to_json({**NEOX, **changes}))
spoilt_case("config.json of a GPT-NeoX: another class", NEOX_FOLDER, LM, "m/config.json",
            c.to_json({**NEOX, "architectures": ["GPTNeoXForQuestionAnswering"]}))
for name, changes in {
        "tied head": {"tie_word_embeddings": True}, "norms of queries and keys": {"qk_layernorm": True},
        "odd rotation": {"partial_rotary_factor": 0.5}, "key heads": {"num_key_value_heads": 1}}.items():
    spoilt_case("config.json of a Phi: " + name, PHI_FOLDER, LM, "m/config.json", c.to_json({**PHI, **changes}))
spoilt_case("config.json of a GPT-NeoX: biases that it does not speak of", NEOX_FOLDER, LM, "m/config.json",
            c.to_json({**NEOX, "attention_bias": False}))
for name, tensors in {
        "fused matrix of another size": {**neox_tensors(), "gpt_neox.layers.0.attention.query_key_value.weight": tensor(4, 12)},
        "no bias": {k: v for k, v in neox_tensors().items() if k != "gpt_neox.layers.0.attention.query_key_value.bias"},
        "another layer": {**neox_tensors(), "gpt_neox.layers.1.input_layernorm.weight": tensor(4)},
        "a norm of queries": {**neox_tensors(), "gpt_neox.layers.0.attention.q_norm.weight": tensor(2)},
        "those of a Phi": phi_tensors()}.items():
    spoilt_case("tensors of a GPT-NeoX: " + name, NEOX_FOLDER, LM, "m/model.safetensors", c.safetensors(tensors))
for name, tensors in {
        "no bias of the head": {k: v for k, v in phi_tensors().items() if k != "lm_head.bias"},
        "another layer": {**phi_tensors(), "model.layers.7.input_layernorm.weight": tensor(4)},
        "infinite bias": {**phi_tensors(), "lm_head.bias": ("F32", [8], c.f32(*[float("inf")] * 8))}}.items():
    spoilt_case("tensors of a Phi: " + name, PHI_FOLDER, LM, "m/model.safetensors", c.safetensors(tensors))
for name, changes in {
        "no head width": {"d_kv": None}, "head width of 0": {"d_kv": 0}, "hidden part": {"feed_forward_proj": "gated-swiglu"},
        "hidden part no text": {"feed_forward_proj": 1}, "start that is no token": {"decoder_start_token_id": 8},
        "few buckets": {"relative_attention_num_buckets": 2}, "odd buckets": {"relative_attention_num_buckets": 5},
        "reach": {"relative_attention_max_distance": 0}, "short reach": {"relative_attention_max_distance": 1},
        "epsilon": {"layer_norm_epsilon": -1e-6}, "tied as text": {"tie_word_embeddings": "no"},
        "heads under two names": {"num_attention_heads": 1}, "gate without its name": {"is_gated_act": True},
        "another activation beside it": {"dense_act_fn": "gelu_new"}, "no decoder": {"is_encoder_decoder": False},
        "half of it": {"architectures": ["T5EncoderModel"]},
        "layers out of proportion": {"num_layers": 1 << 40}, "another class": {"model_type": "mt5"}}.items():
    spoilt_case("config.json of a T5: " + name, T5_FOLDER, TRANSLATE, "m/config.json", c.to_json({**T5, **changes}))
for name, tensors in {
        "a bias": {**t5_tensors(), "encoder.block.0.layer.0.SelfAttention.q.bias": tensor(4)},
        "another layer": {**t5_tensors(), "decoder.block.1.layer.0.layer_norm.weight": tensor(4)},
        "the gate of another model": {**t5_tensors(), "encoder.block.0.layer.1.DenseReluDense.wi_1.weight": tensor(6, 4)},
        "another table of a side": {**t5_tensors(), "encoder.embed_tokens.weight": ("F32", [8, 4], c.f32(*[9.0] * 32))},
        "no distances": {k: v for k, v in t5_tensors().items() if not (k.startswith("decoder") and "relative" in k)},
        "another head": {**t5_tensors(), "lm_head.weight": ("F32", [8, 4], c.f32(*[9.0] * 32))}}.items():
    spoilt_case("tensors of a T5: " + name, T5_FOLDER, TRANSLATE, "m/model.safetensors", c.safetensors(tensors))
for name, data in {
        "BPE": TOKENIZER, "no pieces": unigram_json([]), "entry no pair": unigram_json([["a", 0], ["b"]]),
        "score no number": unigram_json([["</s>", 0], ["<unk>", "0"]]), "score infinite": unigram_json().replace(b"-5.5", b"-1e999"),
        "other rule": unigram_json(normalizer={"type": "Lowercase"}), "other words": unigram_json(pre_tokenizer={"type": "ByteLevel"}),
        "id of another": unigram_json(added_tokens=[{"id": 3, "content": "<x>", "special": True}]),
        "table no base64": unigram_json(normalizer={"type": "Precompiled", "precompiled_charsmap": "!"}),
        "table cut": unigram_json(normalizer={"type": "Precompiled", "precompiled_charsmap": "AAE="}),
        "table no text": unigram_json(normalizer={"type": "Precompiled", "precompiled_charsmap": 7}),
        "a token in front": unigram_json(post_processor={"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "a"}}, {"Sequence": {"id": "A"}}]}),
        "other ends": unigram_json(post_processor={"type": "RobertaProcessing"}),
        "more pieces than the model": unigram_json([["x%d" % i, -1.0] for i in range(9)], added_tokens=[])}.items():
    spoilt_case("tokenizer.json of a T5: " + name, T5_FOLDER, TRANSLATE, "m/tokenizer.json", data)
spoilt_case("texts of a T5: no target", T5_FOLDER, TRANSLATE, "data.tsv", "a b\n")
spoilt_case("texts of a T5: a line of 131073 bytes", T5_FOLDER, TRANSLATE, "data.tsv", "a" * 131073 + "\tb\n")
case("texts of a T5: more scores than fit", {**T5_FOLDER, "m/config.json": c.to_json({**T5, "n_positions": 1 << 20}),
                                             "data.tsv": "a " * 30000 + "\tb\n"}, *TRANSLATE)
case("command line: a window of more scores than fit", llama_folder(m__config_json=c.to_json(
    {**LLAMA, "max_position_embeddings": 1 << 20})), *LM, "--window", "100000")
spoilt_case("texts of a T5: three sides", T5_FOLDER, TRANSLATE, "data.tsv", "a\tb\ta\n")

# --- Moonshine: graphs in ONNX, clips in WAV

GRAPHS = c.moonshine(biases=True)
# Hardly more than a clip may be short: this model has a frame for each, and scores of each against each.
SAMPLES = struct.pack("<1000h", *[(i * 7919) % 4001 - 2000 for i in range(1000)])
CLIP = c.wav(c.wav_format(rate=16000), (b"data", SAMPLES))
MOONSHINE_FOLDER = {"m/encoder_model.onnx": GRAPHS, "m/decoder_model_merged.onnx": GRAPHS, "m/vocabulary.txt": "<s>\n</s>\na\n",
                    "a.wav": CLIP, "m/b.wav": c.wav(c.wav_format(rate=16000), (b"data", SAMPLES[300:])),
                    "m/calib.tsv": "b.wav\ta\n", "data.tsv": "a.wav\ta\n"}
HEAR = ("deploy", "--model", "m", "--data", "data.tsv", "--chip", "wang2024")
for name, data in {
        "nothing": b"", "text": b"hello, world", "cut": GRAPHS[:len(GRAPHS) // 2], "endless number": b"\xff" * 12, "no version": GRAPHS[2:],
        "values in another file": c.ONNX["elsewhere"], "sizes out of proportion": c.ONNX["huge"],
        "no such node": c.ONNX["matrix"], "another rotation": c.moonshine(biases=True, rotation=2.0),
        "weights dequantised by themselves": c.dequantised(8),
        "more values than sizes": c.onnx(c.onnx_field(5, c.onnx_tensor(b"w", 1, [2], c.f32(1, 2, 3)))),
        "a tensor twice": c.onnx(*[c.onnx_field(5, c.onnx_tensor(b"w", 1, [1], c.f32(1)))] * 2),
        "another operation": GRAPHS.replace(b"\x04Conv", b"\x04Conw"), "no number": GRAPHS.replace(c.f32(0.5), c.f32(float("nan")), 1),
        "graphs 40 deep": None}.items():
    if name == "graphs 40 deep":
        graph = c.onnx_node(b"Neg", [b"a"], [b"b"])
        for _ in range(40):
            graph = c.onnx_node(b"If", [b"a"], [b"b"], c.onnx_field(1, b"else_branch") + c.onnx_field(6, graph))
        data = c.onnx(graph)
    spoilt_case("encoder_model.onnx: " + name, MOONSHINE_FOLDER, HEAR, "m/encoder_model.onnx", data)
case("decoder_model_merged.onnx: missing", {k: v for k, v in MOONSHINE_FOLDER.items() if "decoder" not in k}, *HEAR)
spoilt_case("decoder_model_merged.onnx: cut", MOONSHINE_FOLDER, HEAR, "m/decoder_model_merged.onnx", GRAPHS[:-9])
spoilt_case("decoder_model_merged.onnx: heads", MOONSHINE_FOLDER, HEAR, "m/decoder_model_merged.onnx",
            GRAPHS.replace(b"past_key_values.0.decoder.key", b"past_key_values.0.decoder.kex"))
spoilt_case("vocabulary.txt: nothing", MOONSHINE_FOLDER, HEAR, "m/vocabulary.txt", "")
spoilt_case("vocabulary.txt: not UTF-8", MOONSHINE_FOLDER, HEAR, "m/vocabulary.txt", b"a\n\xff\n")
spoilt_case("vocabulary.txt: more pieces than the model", MOONSHINE_FOLDER, HEAR, "m/vocabulary.txt", "a\nb\nc\nd\n")


def wav_with(*chunks, **changes):
    return c.wav(c.wav_format(**{"rate": 16000, **changes}), *chunks)


DATA = (b"data", SAMPLES)
for name, data in {
        "nothing": b"", "text": b"hello, world", "cut in its head": CLIP[:11], "cut in its format": CLIP[:30], "cut in its samples": CLIP[:-4],
        "no channel": wav_with(DATA, channels=0), "six channels": wav_with(DATA, channels=6), "24 bits": wav_with(DATA, bits=24),
        "frames of 9 bytes": wav_with(DATA, frame=9),
        "mu-law": wav_with(DATA, coding=7, bits=8), "one sample a second": wav_with(DATA, rate=1), "no samples": wav_with((b"LIST", b"odd")),
        "samples before their format": c.wav(DATA, c.wav_format()), "half a sample": wav_with((b"data", SAMPLES[:-1])),
        "4 GB of samples": CLIP.replace(b"data" + struct.pack("<I", len(SAMPLES)), b"data\xff\xff\xff\xff"),
        "chunk of 4 GB": c.wav((b"LIST", b"odd")).replace(b"LIST\3\0\0\0", b"LIST\xff\xff\xff\xff"),
        "too short": wav_with((b"data", SAMPLES[:2])),
        "too long": wav_with((b"data", bytes(1000 * 1000)), rate=1000, bits=8)}.items():
    spoilt_case("WAV: " + name, MOONSHINE_FOLDER, HEAR, "a.wav", data)
case("WAV: missing", {k: v for k, v in MOONSHINE_FOLDER.items() if k != "a.wav"}, *HEAR)
for name, data in {"no TAB": "a.wav\n", "two TABs": "a.wav\ta\tb\n", "no file": "\ta\n", "a file twice": "a.wav\ta\na.wav\tb\n", "nothing": ""}.items():
    spoilt_case("transcripts: " + name, MOONSHINE_FOLDER, HEAR, "data.tsv", data)

# --- the sentence encoder's pieces: its sizes are those of the published model, whose weights are 0 here


def sentence_encoder_weights():
    weights, encode = [("module/Embeddings_en", [8002, 256])], "KonaTransformer/Encode/"
    default, own = "module_apply_default/Encoder_en/" + encode, "module/Encoder_en/" + encode
    concat, m = "/ConcatPartitions/concat", "MultiheadAttention/"
    weights.append((default + "TransformerStack/Layer_0/AddTimingSignal/TimingSignal/ExpandDims_1", [128]))
    for layer, inner in (("Layer_0/TransformerLayer/", 256), ("Layer_1/TransformerLayer/", 512)):
        values, stack = default + layer, default + "TransformerStack/" + layer
        for at, width in ((values, inner), (values + "FFN/", 512)):
            weights += [(at + "layer_prepostprocess/layer_norm/layer_norm_%s" % p + concat, [width]) for p in ("scale", "bias")]
        weights += [(own + layer + m + "qkv_transform_single/kernel/part_0", [inner, 3 * inner]),
                    (values + m + "qkv_transform_single/bias" + concat, [3 * inner]),
                    (own + layer + m + "output_transform_single/kernel/part_0", [inner, 512]),
                    (values + m + "output_transform_single/bias" + concat, [512])]
        if inner != 512:
            weights += [(values + "dense/kernel" + concat, [inner, 512]), (values + "dense/bias" + concat, [512])]
        weights += [(stack + "FFN/conv1/Tensordot/Reshape_1", [512, 1536]), (values + "FFN/conv1/bias" + concat, [1536]),
                    (stack + "FFN/conv2/Tensordot/Reshape_1", [1536, 512]), (values + "FFN/conv2/bias" + concat, [512])]
    at = "module/Encoder_en/hidden_layers/tanh_layer_0/"
    return weights + [(at + "weights", [512, 512]), (at + "bias", [512])]


WEIGHTS = sentence_encoder_weights()
SHARD = 4 * sum(s[0] * (s[1] if len(s) > 1 else 1) for _, s in WEIGHTS)  # bytes, of a file without blocks
MANIFEST = c.manifest([{"name": n, "shape": s, "dtype": "float32"} for n, s in WEIGHTS])
PIECE_LIST = [["<%d>" % i, 0] for i in range(6)] + [["\u2581", -1], ["a", -2]]
for name, data in {
        "nothing": b"", "object": b"{}", "too few": c.to_json(PIECE_LIST[:6]), "entry no pair": c.to_json(PIECE_LIST + [["b"]]),
        "score as text": c.to_json(PIECE_LIST + [["b", "-2"]]), "piece no text": c.to_json(PIECE_LIST + [[1, -2]]),
        "empty piece": c.to_json(PIECE_LIST + [["", -2]]), "deep": b"[" * 2000, "cut": c.to_json(PIECE_LIST)[:-3],
        "not UTF-8": c.to_json(PIECE_LIST).replace(b'"a"', b'"\xff"'), "score out of proportion": c.to_json(PIECE_LIST).replace(b"-2", b"-1e999"),
        "more pieces than the model": c.to_json([["x%d" % i, -1] for i in range(8003)])}.items():
    case("vocab.json: " + name, {"m/model.json": MANIFEST, "m/shard1": SHARD, "m/vocab.json": data, "data.tsv": "1\ta\tb\n"}, *CLASSIFY)
case("vocab.json: missing", {"m/model.json": MANIFEST, "m/shard1": SHARD, "data.tsv": "1\ta\tb\n"}, *CLASSIFY)

# --- configurations


def without(d, key):
    return {k: v for k, v in d.items() if k != key}


COST = ("cost", "--model", "m/config.json")
for name, data in {
        "nothing": b"", "text": b'{"model_type": llama}', "list": b"[]", "cut": c.to_json(LLAMA)[:40], "key twice": b'{"a":1,"a":2}',
        "deep": b'{"a":' + b"[" * 100_000, "number too large": b'{"hidden_size":1e999}', "not UTF-8": b'{"a":"\xff"}',
        "9 MB": b'{"a":"' + b"x" * (9 << 20) + b'"}', "no size": c.to_json(without(LLAMA, "hidden_size")),
        "negative size": c.to_json({**LLAMA, "hidden_size": -4}), "half a size": c.to_json({**LLAMA, "hidden_size": 4.5}),
        "size as text": c.to_json({**LLAMA, "hidden_size": "4"}), "size of 0": c.to_json({**LLAMA, "num_hidden_layers": 0}),
        "size out of proportion": c.to_json({**LLAMA, "hidden_size": 1 << 62}),
        "heads do not divide": c.to_json({**LLAMA, "num_attention_heads": 3}),
        "key heads do not divide": c.to_json({**LLAMA, "num_attention_heads": 4, "num_key_value_heads": 3}),
        "sizes that contradict": c.to_json({**LLAMA, "n_embd": 8}), "mamba": c.NETWORK["mamba"],
        "experts without number": c.to_json({**LLAMA, "num_local_experts": 8}),
        "flag as text": c.to_json({**LLAMA, "is_decoder": "yes"}),
        "layer types": c.to_json({**LLAMA, "sliding_window": 4, "layer_types": ["a", "b"]})}.items():
    case("config.json: " + name, {"m/config.json": data}, *COST)
for name, changes in {
        "no family": {"model_type": None}, "another family": {"model_type": "rwkv"}, "activation": {"hidden_act": "relu6"},
        "rotation": {"rope_scaling": {"rope_type": "yarn", "factor": 2}},
        "rotation without factor": {"rope_scaling": {"rope_type": "linear"}},
        "epsilon": {"rms_norm_eps": -1}, "window": {"model_type": "mistral", "sliding_window": -4},
        "vocabulary out of proportion": {"vocab_size": 1 << 24, "hidden_size": 1 << 16},
        "end that is no token": {"eos_token_id": 8}, "ends that are no tokens": {"eos_token_id": [99]},
        "two rotations": {"rope_scaling": {"type": "linear", "factor": 4.0}, "rope_parameters": {"rope_type": "default"}},
        "two bases": {"rope_theta": 10.0, "rope_parameters": {"rope_type": "default", "rope_theta": 1e6}},
        "two kinds of rotation": {"rope_scaling": {"type": "yarn", "rope_type": "default", "factor": 4.0}},
        "another class": {"architectures": ["LlamaForSequenceClassification"]},
        "class of another family": {"architectures": ["GPT2ForCausalLM"]},
        "factor of no scaling": {"rope_scaling": {"factor": 4.0}},
        "heads rotated in part": {"rope_parameters": {"rope_type": "default", "partial_rotary_factor": 0.5}},
        "codes of another method": {"quantization_config": {"quant_method": "gptq", "bits": 4}},
        "codes of 4 bits": {"quantization_config": {"quant_method": "compressed-tensors", "format": "int-quantized",
                                                    "config_groups": {"group_0": {"weights": {"num_bits": 4, "type": "int"}}}}},
        "kinds of layers": {"layer_types": ["sliding_attention"]},
        "layers that are not there": {"num_hidden_layers": 1024}}.items():
    case("config.json of a Llama: " + name, llama_folder(m__config_json=c.to_json({**LLAMA, **changes})), *LM)
case("config.json of a Llama: a tied head that differs", llama_folder(
    m__config_json=c.to_json({**LLAMA, "tie_word_embeddings": True}),
    m__model_st=c.safetensors({**llama_tensors(), "lm_head.weight": ("F32", [8, 4], c.f32(*range(32)))})), *LM)
for name, changes in {
        "labels with a gap": {"id2label": {"0": "a", "2": "b"}}, "a million labels": {"num_labels": 1 << 20},
        "one label": {"num_labels": 1}, "labels that contradict": {"num_labels": 3, "id2label": {"0": "a", "1": "b"}},
        "decoder": {"is_decoder": True}, "pruned": {"pruned_heads": {"0": [1]}},
        "another class": {"architectures": ["BertForMaskedLM"]}, "epsilon": {"layer_norm_eps": 2}}.items():
    case("config.json of a BERT: " + name, bert_folder(m__config_json=c.to_json({**BERT, **changes})), *CLASSIFY)
case("tensors of a BERT: an adapter", bert_folder(m__model_st=c.safetensors(
    {**bert_tensors(), "bert.encoder.layer.0.adapter.down.weight": tensor(2, 4)})), *CLASSIFY)
case("model: no config.json", {"m/x": "", "data.txt": "a"}, *LM)
case("model: missing", {"data.txt": "a"}, *LM)

# --- tokenizers

for name, data in {
        "nothing": b"", "no model": b"{}", "another kind": c.tokenizer({"type": "WordLevel", "vocab": {}}),
        "no piece": c.tokenizer({"vocab": {}, "merges": []}), "negative id": c.tokenizer({"vocab": {"a": -1}, "merges": []}),
        "60 bytes that ask 128 MB": c.tokenizer({"vocab": {"a": 4194303}, "merges": []}),
        "id twice": c.tokenizer({"vocab": {"a": 0, "b": 0}, "merges": []}),
        "merge of nothing": c.tokenizer({"vocab": {"a": 0}, "merges": ["x y"]}),
        "merge no pair": c.tokenizer({"vocab": {"a": 0}, "merges": ["a"]}),
        "no merges": c.tokenizer({"vocab": {"a": 0}}), "unknown rule": c.tokenizer(
            {"vocab": {"a": 0}, "merges": []}, normalizer={"type": "Lowercase"}),
        "bytes missing": c.tokenizer({"vocab": {"a": 0}, "merges": [], "byte_fallback": True}),
        "first token that is none": c.tokenizer({"vocab": {"a": 0}, "merges": []}, post_processor={
            "type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x"}}], "special_tokens": {"x": {"ids": [-1]}}}),
        "first token out of proportion": c.tokenizer({"vocab": {"a": 0}, "merges": []}, post_processor={
            "type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x"}}, {"Sequence": {"id": "A"}}],
            "special_tokens": {"x": {"ids": [7]}}}),
        "a template of 40 million tokens": c.tokenizer({"vocab": {"a": 0}, "merges": []}, post_processor={
            "type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x"}}] * 2000, "special_tokens": {"x": {"ids": [0] * 20000}}}),
        "a token of a kilobyte": c.tokenizer({"vocab": {"a": 0}, "merges": []}, added_tokens=[{"id": 1, "content": "a" * 1024}]),
        **{n.replace("_", " "): c.TOKENIZER_JSON[n].split(b"\n%%\n")[0] for n in (
            "added_other_id", "added_id_of_another", "added_two_ids", "flag_text", "roberta_other_id", "nonsense", "numbers")},
        "more pieces than the model": c.tokenizer({"vocab": {chr(97 + i): i for i in range(9)}, "merges": []})}.items():
    case("tokenizer.json: " + name, llama_folder(m__tokenizer_json=data), *LM)
case("tokenizer: none", llama_folder(m__tokenizer_json=None), *LM)
for name, data in {"nothing": b"", "text": b"hello", "field beyond the end": b"\x0a\xff\xff\xff\xff\x7f", "endless number": b"\xff" * 12,
                   "unigram": c.PIECES + c.field(2, c.field(3, 1)), "no unknown": c.piece("a") + c.BPE,
                   "piece twice": c.PIECES + c.piece("a") + c.BPE, "kind": c.piece("a", kind=9) + c.BPE,
                   "table": c.PIECES + c.BPE + c.field(3, c.field(2, b"\xff\xff\xff\xff")),
                   "fewer pieces than the model": c.PIECES + c.BPE}.items():
    case("sp.model: " + name, {**llama_folder(m__tokenizer_json=None), "m/sp.model": data}, *LM)
for name, data in {"nothing": b"", "piece twice": b"[UNK]\n[CLS]\n[SEP]\na\na\n", "no special token": b"a\nb\n", "not UTF-8": b"[UNK]\n[CLS]\n[SEP]\n\xff\n",
                   "an empty piece": b"[UNK]\n\n[CLS]\n[SEP]\n", "more pieces than the model": b"[UNK]\n[CLS]\n[SEP]\n" + b"\n".join(b"%d" % i for i in range(9))}.items():
    case("vocab.txt: " + name, bert_folder(m__vocab_txt=data), *CLASSIFY)
case("vocab.txt: 1000 blank lines", bert_folder(m__vocab_txt="\n" * 1000), *CLASSIFY)
case("vocab.txt: byte order mark", bert_folder(m__vocab_txt="\ufeff[UNK]\n[CLS]\n[SEP]\na\n"), *CLASSIFY)
case("tokenizer_config.json: loses what is left", bert_folder(m__tokenizer_config_json='{"truncation_side":"left"}'), *CLASSIFY)
for name in ("json_left", "other_id", "template_id"):
    folder = bert_folder(m__vocab_txt=None)
    if name == "json_left":
        folder.pop("m/tokenizer_config.json", None)  # whose truncation_side counts where it is
    folder["m/tokenizer.json"] = c.WORDPIECE[name].split(b"\n%%\n")[3]
    case("tokenizer.json of WordPiece: " + name.replace("_", " "), folder, *CLASSIFY)
case("tokenizer_config.json: another class", bert_folder(m__tokenizer_config_json='{"tokenizer_class":"T5Tokenizer"}'), *CLASSIFY)
case("tokenizer_config.json: length", bert_folder(m__tokenizer_config_json='{"model_max_length":2}'), *CLASSIFY)

# --- texts

for name, data in {"nothing": b"", "no TAB": b"0 a\n", "label no number": b"x\ta\n", "label of no class": b"7\ta\n", "label out of proportion": b"18446744073709551616\ta\n",
                   "no text": b"0\t\n", "not UTF-8": b"0\ta\n1\t\xff\n", "UTF-16": "0\ta\n".encode("utf-16")}.items():
    case("texts: " + name, bert_folder(data_tsv=data), *CLASSIFY)
case("texts: missing", bert_folder(data_tsv=None), *CLASSIFY)
case("texts: blank lines", llama_folder(data_txt="\n\n \n"), *LM)
case("texts: too few tokens", llama_folder(data_txt="a"), *LM)
case("texts: calibration is the data", bert_folder(), *CLASSIFY, "--calibration", "data.tsv")
case("texts: calibration has the data", bert_folder(m__calib_tsv="0\ta a\n1\tb b\n0\tc c\n"), *CLASSIFY)
case("texts: no such calibration", llama_folder(), *LM, "--calibration", "nosuch")
case("texts: calibration missing", bert_folder(m__calib_tsv=None), *CLASSIFY)
case("texts: another task", bert_folder(), *CLASSIFY, "--task", "lm")
case("texts: not truncated", bert_folder(data_tsv="0\ta a a a a a a a a a a\n"), *CLASSIFY, "--no-truncate")
case("prompt: nothing", llama_folder(), "generate", "--model", "m", "--prompt", "")
case("prompt: beyond the positions", llama_folder(), "generate", "--model", "m", "--prompt", "a" * 50)

# --- tables

for name, text in {
        "wrong unit": "area,adc,1 J,table,x", "no unit": "area,adc,1,table,x", "no number": "energy,adc.convert,x J,table,y",
        "negative": "energy,adc.convert,-1 J,table,x", "out of proportion": "energy,adc.convert,1e99 J,table,x",
        "twice": "area,adc,1 um2,table,x\narea,adc,1 um2,table,x", "no source": "area,adc,1 um2,table,", "unknown kind": "colour,adc,1 um2,table,x",
        "unknown origin": "area,adc,1 um2,guess,x", "incomplete": "area,adc,1 um2,table,x", "nothing": ""}.items():
    case("price book: " + name, {"book.csv": text}, "cost", "--model", "gpt2", "--prices", "book.csv")
case("price book: missing", {}, "cost", "--model", "gpt2", "--prices", "book.csv")
case("price book: endless", {}, "cost", "--model", "gpt2", "--prices", "/dev/zero")
PRICED = ("cost", "--model", "gpt2", "--plugin", "./p.so", "--prices")
GOOD_TOML = '[area.adc]\nvalue = "1500 um2"\norigin = "table"\nsource = "Kull 2013"\n'
case("prices of a plugin: no such plugin", {}, "cost", "--model", "gpt2", "--prices", "./none.so:file=a.toml")
for name, text, parameters in (
        ("no file named", None, ""), ("file missing", None, "file=none.toml"), ("unknown parameter", GOOD_TOML, "table=a.toml"),
        ("nothing", "", "file=a.toml"), ("broken TOML", "[area", "file=a.toml"),
        ("no value", '[area.adc]\norigin = "table"\nsource = "x"\n', "file=a.toml"), ("no source", '[area.adc]\nvalue = "1 um2"\norigin = "table"\n', "file=a.toml"),
        ("wrong unit", GOOD_TOML.replace("um2", "J"), "file=a.toml"), ("unknown kind", GOOD_TOML.replace("area", "colour"), "file=a.toml"),
        ("unknown origin", GOOD_TOML.replace("table", "guess"), "file=a.toml"), ("value no text", GOOD_TOML.replace('"1500 um2"', "1500"), "file=a.toml"),
        ("line in a source", GOOD_TOML.replace("Kull 2013", "x\\narea,dac"), "file=a.toml"), ("deep", "a = " + "[" * 300, "file=a.toml"),
        ("incomplete", GOOD_TOML, "file=a.toml")):
    case("prices of cost_table: " + name, {} if text is None else {"a.toml": text}, *PRICED, "p.so:" + parameters, plugin="cost_table")
for name, energies, parameters in (
        ("no file named", None, ""), ("file missing", None, "energies=none.yaml"), ("no table", "a: 1\n", "energies=e.yaml"),
        ("broken YAML", "ERT: [", "energies=e.yaml"), ("negative", c.ACCELERGY["negative"].split(b"\n%%\n")[0].decode(), "energies=e.yaml"),
        ("infinite", "ERT: {tables: [{name: a, actions: [{name: b, energy: .inf}]}]}", "energies=e.yaml"),
        ("itself", "ERT: &a {tables: [*a]}", "energies=e.yaml"), ("deep", "[" * 600, "energies=e.yaml"),
        ("named twice", "ERT: {tables: [{name: a, actions: [{name: x, energy: 1}, {name: x, energy: 2}]}]}", "energies=e.yaml"),
        ("rename no pair", c.ERT, "energies=e.yaml;rename=adc"), ("unknown parameter", c.ERT, "energy=e.yaml")):
    case("prices of cost_accelergy: " + name, {} if energies is None else {"e.yaml": energies}, *PRICED, "p.so:" + parameters,
         plugin="cost_accelergy")
STATES = MVM + ("--set", "cell.device=table", "--set", "cell.states=s.csv")
for name, text in {"nothing": "", "no column": "conductance_uS\n1\n", "unknown column": "conductance_S,spread_uS\n1,1\n", "order": "conductance_uS,spread_uS\n2,0\n1,0\n",
                   "gap": "conductance_uS,spread_uS\n1,\n2,0\n", "no number": "conductance_uS,spread_uS\n1,x\n2,0\n", "one state": "conductance_uS,spread_uS\n1,0\n",
                   "negative": "conductance_uS,spread_uS\n-1,0\n2,0\n", "more columns": "conductance_uS,spread_uS\n1,0,0\n"}.items():
    case("measured states: " + name, {"w.npy": W, "x.npy": X, "s.csv": text}, *STATES)

# --- settings files

CHIP = ("cost", "--model", "gpt2", "--chip", "c.toml")
for name, text in {
        "broken": "[adc\nbits = 6", "unknown chip": 'chip = "wang2042"', "unknown key": "[adc]\nbit = 6", "text for a number": '[adc]\nbits = "6"',
        "out of range": "[adc]\nbits = 60", "a date": "[adc]\nbits = 1979-05-27", "a list of texts": '[adc]\nbits = ["a"]', "key twice": "a = 1\na = 2",
        "lists 300 deep": "a = " + "[" * 300 + "]" * 300, "tables 300 deep": "a = " + "{a = " * 300, "keys 100000 deep": "a." * 100_000 + "a = 1",
        "headers 100000 deep": "[" + "a." * 100_000 + "a]\nb = 1", "2 MB": "#" * (2 << 20), "not UTF-8": b"a = \xff", "a preset's name": 'name = "isaac"', "key twice, quoted": c.SETTINGS_FILE["twice"],
        "plugin no list": "plugin = 1", "plugin missing": '[plugin]\nfiles = ["./none.so"]', "control characters": '"\\u001b[31m" = 1',
        "a list for a number": "[adc]\nbits = [8]", "a list for a number of the array": "array.rows = [128]", "a list for a choice": 'coding.bias = [1]',
        "an empty table": "[nonsense]", "an empty table in a group": "[adc.nonsense]", "an empty table for the chip": "[chip]",
        "a name of two lines": 'name = "a\\nohmic: all is well"', "no name": 'name = ""'}.items():
    case("chip file: " + name, {"c.toml": text}, *CHIP)
case("chip file: missing", {}, *CHIP)
case("chip file: out of range beside a key of another table", {"c.toml": '[adc]\nbits = 8\n[noise]\nmismatch = -1'}, *CHIP)
case("chip file: out of range of deploy", {**llama_folder(), "z.toml": 'chip = "isaac"\nwires.word_ground = "-1 ohm"'}, *LM, "--chip", "z.toml")
case("settings: an error of an ideal converter", llama_folder(), *LM, "--chip", "isaac", "--set", "converter.delay=10")
case("settings: a ramp's error of a SAR", llama_folder(), *LM, "--chip", "isaac", "--set", "converter.kind=sar", "--set", "converter.bow=0.1")
case("settings: a leak of what is no pulse", {"w.npy": W, "x.npy": X}, *MVM, "--set", "inputs.pulse_leak=0.1")

case("settings: a cell of arrays for keys and values", {}, "cost", "--model", "gpt2", "--set", "attention.arrays.cell.read_noise=5")
case("settings: a policy and another one", {}, "cost", "--model", "gpt2", "--attention", "digital", "--set", "attention.policy=decomposed")
case("settings: an option and another value", {"g.npy": G, "v.npy": V}, *SOLVE, "--r-word", "5", "--set", "wires.word_segment=7 ohm")
case("settings: a key varied twice", llama_folder(), *LM, "--vary", "adc.bits=6", "--vary", "adc.bits=8")
case("settings: a value varied twice", llama_folder(), *LM, "--vary", "adc.bits=8,08")
case("settings: set and varied", llama_folder(), *LM, "--vary", "adc.bits=6,8", "--set", "adc.bits=7")
case("settings: unknown to one chip", llama_folder(), *LM, "--chip", "wang2024,isaac", "--set", "noise.thermal=0.1")

# --- kept calibrations

KEPT = LM + ("--calibration", "k.json", "--chip", "wang2024")
for name, data in {
        "nothing": b"", "no digest": b'{"schema": 1, "command": "calibrate"}', "another model": c.kept_ranges(header={"chips": [{}]}),
        "no chips": c.kept_ranges(header={"chips": []}), "unknown site": c.CALIBRATION["site"], "unknown block": c.CALIBRATION["block"],
        "range of 0": c.CALIBRATION["zero"], "types": c.CALIBRATION["types"],
        **{n.replace("_", " "): c.CALIBRATION[n] for n in ("data_text", "data_list", "data_path", "no_ranges", "no_site", "block_01", "block_1x", "schema", "command",
                                                         "no_digests", "digest")}}.items():
    case("calibration: " + name, llama_folder(k_json=data), *KEPT)

# What is wrong with the ranges of a model's own sites.
for name, data in {
        "chip twice": c.kept_ranges(again={"settings": ["adc.bits=8"]}), "contradiction": c.CALIBRATION["contradiction"],
        "range of 1e-40": c.CALIBRATION["tiny"], "full scale of 3e38": c.CALIBRATION["large"]}.items():
    case("calibration: " + name, llama_folder(k_json=data), *KEPT)

case("calibrate: no such file", llama_folder(), "calibrate", "--model", "m", "--calibration", "none.txt", "--output", "k.json")
case("command line: a flag that is neither", {}, "cost", "--model", "gpt2", "--quiet=maybe")
case("command line: a value behind two dashes", {}, "cost", "--", "--model")

# --- sweeps

SWEEP = ("sweep", "--spec", "s.toml", "--output", "s.sqlite")
VARY, BEST = '[vary]\nadc.bits = [4, 6]\n', '[objectives]\narea = "min"\n'
for name, text in {
        "broken": "[vary", "unknown key": "modle = 1", "no model": VARY + BEST, "unknown kind": 'kind = "x"',
        "nothing to vary": 'model = "gpt2"\n' + BEST, "unknown metric": 'model = "gpt2"\n' + VARY + '[objectives]\ncolour = "min"\n',
        "unknown setting": 'model = "gpt2"\n[vary]\nadc.bit = [1]\n' + BEST, "range backwards": 'model = "gpt2"\n[vary]\nadc.bits = {from = 6, to = 4}\n' + BEST,
        "1e9 points": 'model = "gpt2"\n[vary]\nadc.bits = {from = 4, to = 12, step = 1e-8}\n' + BEST,
        "steps out of proportion": c.SWEEP_SPEC["steps"].decode(), "points out of proportion": c.SWEEP_SPEC["points"].decode(),
        "combinations": 'model = "gpt2"\n[vary]\n' + "".join("cost.x%d = [1, 2, 3, 4, 5, 6, 7, 8]\n" % i for i in range(20)) + BEST,
        "deep": c.SWEEP_SPEC["deep"].decode(), "no texts": 'kind = "deploy"\nmodel = "m"\n' + VARY + BEST, "constraint": 'model = "gpt2"\n' + VARY + BEST + '[constraints]\narea = "== 1"\n',
        "values out of proportion": c.SWEEP_SPEC["values"].decode(), "bound that is none": c.SWEEP_SPEC["infinite"].decode(),
        "a list for a number": 'model = "gpt2"\n[vary]\nadc.bits = [[4], [6]]\n' + BEST, "a list for a number that is set": 'model = "gpt2"\nset.array.rows = [128]\n' + VARY + BEST,
        "a list for tokens": 'model = "gpt2"\n[vary]\ntokens = [[4], [6]]\n' + BEST,
        "value twice": c.SWEEP_SPEC["value_twice"].decode(), "key twice": c.SWEEP_SPEC["key_twice"].decode(),
        "set and varied": c.SWEEP_SPEC["set_and_varied"].decode(), "sets the chip": c.SWEEP_SPEC["set_chip"].decode(),
        "no sequence": 'model = "gpt2"\nbatch = 0\n' + VARY + BEST, "no sequence of a list": 'model = "gpt2"\n[vary]\nbatch = [1, 0]\n' + BEST,
        "model twice": 'model = "gpt2"\n[vary]\nmodel = ["bert_base"]\n' + BEST,
        "log from 0": 'model = "gpt2"\n[sample]\nmethod = "random"\npoints = 2\n[vary]\ncost.duplication = {from = 0, to = 4, log = true}\n' + BEST}.items():
    case("sweep: " + name, {"s.toml": text}, *SWEEP)
case("sweep: missing", {}, *SWEEP)
case("sweep: a varied key is set", {"s.toml": 'model = "gpt2"\n' + VARY + BEST}, *SWEEP, "--set", "adc.bits=8")
GRID = 'model = "gpt2"\n' + VARY + BEST
for name, data in {"text": b"hello", "cut": c.SWEEP_STORE["two"][:700], "another program's": c.SWEEP_STORE["schema"].replace(b"OHMS", b"XXXX"), "another schema": c.SWEEP_STORE["schema"],
                   "another sweep": c.SWEEP_STORE["two"], "endless view": c.SWEEP_STORE["view"], "trigger": c.SWEEP_STORE["trigger"],
                   "deep": c.sweep_file("UPDATE meta SET value = '" + "[" * 100_000 + "]" * 100_000 + "' WHERE key = 'identity';"),
                   "points that are none": c.sweep_file("UPDATE points SET point = 1000000 WHERE point = 1;"),
                   "negative point": c.SWEEP_STORE["blob"],
                   "points out of proportion": c.sweep_file("UPDATE meta SET value = '{\"points\":9223372036854775807}' WHERE key = 'identity';"),
                   "goals": c.sweep_file("INSERT INTO meta VALUES('goals', '{\"objectives\":[{\"metric\":1}]}');")}.items():
    if name not in ("points that are none", "negative point", "goals"):  # those files are of another sweep
        case("sweep file: " + name, {"s.toml": GRID, "s.sqlite": data}, *SWEEP)
    if name != "another sweep":
        case("sweep file to merge: " + name, {"a.sqlite": data}, "sweep", "merge", "a.sqlite", "--output", "b.sqlite")


def edited(sql):
    """What makes another SQLite file of one."""
    def change(data):
        with tempfile.NamedTemporaryFile(suffix=".sqlite") as file:
            file.write(data)
            file.flush()
            db = sqlite3.connect(file.name)
            db.executescript(sql)
            db.close()
            with open(file.name, "rb") as again:
                return again.read()
    return change


for name, sql in {
        "points that are none": "UPDATE points SET point = 1000000 WHERE point = 1;", "negative point": "UPDATE points SET point = -1 WHERE point = 1;",
        "no column of a metric": "ALTER TABLE points DROP COLUMN area_mm2;",
        "no metrics": "DELETE FROM meta WHERE key = 'metrics';", "no points": "DROP TABLE points;",
        "other values": "UPDATE meta SET value = replace(value, '\"6\"', '\"8\"') WHERE key = 'identity';",
        "metric no number": "UPDATE points SET area_mm2 = 'abc' WHERE point = 1;", "metric infinite": "UPDATE points SET area_mm2 = -9e999 WHERE point = 1;",
        "metric of bytes": "UPDATE points SET area_mm2 = x'00ff' WHERE point = 1;", "another value": "UPDATE points SET \"adc.bits\" = 5 WHERE point = 1;",
        "value of bytes": "UPDATE points SET \"adc.bits\" = x'3c1b' WHERE point = 1;", "failed without error": "UPDATE points SET status = 'failed' WHERE point = 1;",
        "done with an error": "UPDATE points SET error = 'x' WHERE point = 1;",
        "columns that change places": "ALTER TABLE points RENAME COLUMN area_mm2 TO x; ALTER TABLE points RENAME COLUMN \"energy_J.prefill\" TO area_mm2; "
                                      "ALTER TABLE points RENAME COLUMN x TO \"energy_J.prefill\";",
        "another version": "UPDATE meta SET value = replace(value, '\"version\":\"', '\"version\":\"9') WHERE key = 'identity';"}.items():
    case("sweep file of this sweep: " + name, {"s.toml": GRID}, *SWEEP, before=[SWEEP], spoil={"s.sqlite": edited(sql)})
for name in ("metric_text", "metric_blob", "metric_infinite", "value_blob", "failed_without_error", "done_with_error", "columns_swapped", "point_twice", "meta_key_twice"):
    case("sweep file to merge: " + name.replace("_", " "), {"a.sqlite": c.SWEEP_STORE[name]}, "sweep", "merge", "a.sqlite", "--output", "b.sqlite")
case("sweep file to merge: a folder", {"a.sqlite/x": ""}, "sweep", "merge", "a.sqlite", "--output", "b.sqlite")
case("sweep file to merge: a device", {}, "sweep", "merge", "/dev/null", "--output", "b.sqlite")
case("sweep file to merge: missing", {}, "sweep", "merge", "a.sqlite", "--output", "b.sqlite")

# --- results that are verified

PRODUCT = ("mvm", "--weights", "w.npy", "--inputs", "x.npy", "--output", "y.npy", "--quiet", "--json", "r.json")


def result(change):
    def again(data):
        value = json.loads(data)
        change(value)
        return json.dumps(value).encode()
    return again


for name, data in {
        "nothing": b"", "text": b"hello", "object": b"{}", "list": b"[]", "a number": b"7", "deep": b'{"command":"mvm","a":' + b"[" * 100_000,
        "not UTF-8": b'{"command":"\xff"}', "a key twice": c.RECORDED_RUN["key_twice"], "of a program unknown": b'{"command":"x","stamp":{"files":[]},"run":{"arguments":["x"],"folder":"."}}'}.items():
    case("verify: " + name, {"r.json": data}, "verify", "r.json")
case("verify: missing", {}, "verify", "r.json")
case("verify: a sweep without output", {"r.json": b'{"command":"sweep","output":7,"stamp":{"files":[]},"run":{"arguments":["sweep"],"folder":"."}}'}, "verify", "r.json")
case("verify: a folder", {"r.json/x": ""}, "verify", "r.json")
for name, change in {
        "no stamp": lambda r: r.pop("stamp"), "stamp no object": lambda r: r.update(stamp=[]), "no files": lambda r: r["stamp"].pop("files"),
        "no run": lambda r: r.pop("run"), "no words": lambda r: r["run"].update(arguments=[]),
        "words that are no texts": lambda r: r["run"].update(arguments=["mvm", 7]), "word with a NUL": lambda r: r["run"]["arguments"].append("a\0b"),
        "itself": lambda r: r["run"].update(arguments=["verify", "r.json"]), "an option first": lambda r: r["run"].update(arguments=["--version"]),
        "folder that is gone": lambda r: r["run"].update(folder="/none/there"), "folder no text": lambda r: r["run"].update(folder=7),
        "another digest": lambda r: r["stamp"]["files"][0].update(digest="0"), "a file more": lambda r: r["stamp"]["files"].append({"path": "z.npy", "digest": "0"}),
        "a file less": lambda r: r["stamp"]["files"].pop(), "files no objects": lambda r: r["stamp"].update(files=[1, 2]),
        "another command": lambda r: r["run"]["arguments"].__setitem__(0, "mvn"),
        "an unknown option": lambda r: r["run"]["arguments"].append("--none"), "a plugin": lambda r: r["run"]["arguments"].extend(["--plugin", "./p.so"])}.items():
    case("verify: " + name, {"w.npy": W, "x.npy": X}, "verify", "r.json", before=[PRODUCT], spoil={"r.json": result(change)})
case("verify: cut", {"w.npy": W, "x.npy": X}, "verify", "r.json", before=[PRODUCT], spoil={"r.json": lambda data: data[:len(data) // 2]})
case("verify: changed weights", {"w.npy": W, "x.npy": X}, "verify", "r.json", before=[PRODUCT], spoil={"w.npy": lambda _: c.npy("(2, 3)", range(1, 7))})
case("verify: another folder", {"w.npy": W, "x.npy": X, "d/x": ""}, "verify", "r.json", "--folder", "d", before=[PRODUCT])

# --- results

for name, target in {"a folder": "d", "no such folder": "none/r.json"}.items():
    case("result: " + name, {"d/x": ""}, "cost", "--model", "gpt2", "--json", target)
case("result: full disk", {}, "cost", "--model", "gpt2", "--quiet", "--json", "/dev/full")
case("report: no such folder", {}, "cost", "--model", "gpt2", "--report", "none/r.html")
case("report: full disk", {}, "cost", "--model", "gpt2", "--quiet", "--report", "/dev/full")
case("charts: a file", {"d": ""}, "cost", "--model", "gpt2", "--quiet", "--svg", "d")
case("mvm: output to a full disk", {"w.npy": W, "x.npy": X}, *MVM[:-1], "/dev/full")
case("prices: full disk", {}, "cost", "--model", "gpt2", "--quiet", "--save-prices", "/dev/full")
