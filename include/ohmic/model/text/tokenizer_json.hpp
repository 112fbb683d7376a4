// Hugging Face's tokenizer.json with byte pair encoding: byte-level (GPT-2, Llama 3, Qwen2, SmolLM) and SentencePiece's form with byte fallback
// (Llama 2, Mistral).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/model/import/json.hpp"
#include "ohmic/model/text/around_tokens.hpp"
#include "ohmic/model/text/bpe_tokenizer.hpp"
#include "ohmic/model/text/byte_pairs.hpp"
#include "ohmic/model/text/piece_ids.hpp"
#include "ohmic/model/text/pre_tokens.hpp"
#include "ohmic/model/text/sentencepiece.hpp"
#include "ohmic/model/text/token_search.hpp"
#include "ohmic/model/text/tokenizer_parts.hpp"

namespace ohmic::inline OHMIC_ABI::model {

namespace detail {

/// Reads the parts of one tokenizer.json; whatever would change ids and is not known is refused by key.
class bpe_reader : private tokenizer_parts {
 public:
  static constexpr std::uint64_t max_bytes = std::uint64_t{64} << 20;

  explicit bpe_reader(std::filesystem::path const& file) : tokenizer_parts{json_file(file, max_bytes)} {}

  /// settings: the tokenizer_config.json beside it, nullptr for none
  [[nodiscard]] bpe_tokenizer read(json_file const* settings) {
    json_file const model = json.inside("model");
    if (std::string const type = model.has("type") ? model.string("type") : "BPE"; type != "BPE")
      throw unknown(model.where("type"), in_quotes(type), "'BPE'");
    for (char const* key : {"continuing_subword_prefix", "end_of_word_suffix"})
      if (model.has(key) && !model.string(key).empty())
        throw unknown(model.where(key), in_quotes(model.string(key)), "none");
    if (model.has("dropout") && model.number("dropout") != 0.0) throw unknown(model.where("dropout"), "", "none");
    read_normaliser(json.find("normalizer"));
    read_pre_tokens(json.find("pre_tokenizer"), settings);
    byte_pairs::config c;
    c.byte_fallback = model.flag("byte_fallback", false);
    c.fuse_unknown = model.flag("fuse_unk", false);
    c.ignore_merges = model.flag("ignore_merges", false);
    std::vector<std::string> pieces = read_piece_ids(model);
    if (model.has("unk_token")) {
      auto const found = std::find(pieces.begin(), pieces.end(), model.string("unk_token"));
      if (found == pieces.end())
        throw error({errc::missing_entry, "is no piece", model.where("unk_token"), in_quotes(model.string("unk_token")),
                     "", ""});
      c.unknown = static_cast<std::int32_t>(found - pieces.begin());
    }
    auto added = read_added(pieces);
    around_reader const reader(*this, pieces, added);
    tokens_around around = reader.read();
    if (settings) reader.settle(*settings, around);
    byte_pairs pairs(std::move(pieces), read_merges(model), c, place(json.path()));
    bpe_tokenizer tokens(std::move(pairs), rules_, std::move(added), std::move(around.begin), std::move(around.after));
    for (auto const& [ids, what] : {std::pair{&tokens.begin(), "begins"}, {&tokens.after(), "ends"}})
      for (std::int32_t const id : *ids)
        if (static_cast<std::size_t>(id) >= tokens.size())
          throw error({errc::file_format, std::string(what) + " with a token that is none", at("post_processor"),
                       std::to_string(id), "0 to " + std::to_string(tokens.size() - 1), ""});
    return tokens;
  }

 private:
  void read_normaliser(nlohmann::json const* part) {
    for (auto const& p : parts(part, "normalizers")) {
      std::string const type = p.is_object() ? text_of(p, "type") : "";
      std::string const pattern = p.is_object() && p.contains("pattern") ? text_of(p["pattern"], "String") : "";
      if (type == "NFC")
        rules_.nfc = true;
      else if (type == "Prepend" && text_of(p, "prepend") == space_mark && !rules_.one_more_mark)
        rules_.one_more_mark = true;
      else if (type == "Replace" && pattern == " " && text_of(p, "content") == space_mark)
        rules_.marks_for_spaces = true;
      else
        throw unknown(at("normalizer"), json_file::text(p),
                      "NFC, or a mark U+2581 prepended and in the place of spaces");
    }
    if (rules_.one_more_mark && !rules_.marks_for_spaces)
      throw unknown(at("normalizer"), "a mark in front alone", "marks in the place of spaces too");
  }

  void read_pre_tokens(nlohmann::json const* part, json_file const* settings) {
    for (auto const& p : parts(part, "pretokenizers")) {
      std::string const type = p.is_object() ? text_of(p, "type") : "";
      if (type == "ByteLevel") {
        rules_.byte_level = true;
        rules_.space_in_front = settled_space(settings, flag_of(p, "add_prefix_space", true, "pre_tokenizer"));
        // Each piece that was cut before would get one.
        if (rules_.space_in_front && (rules_.pattern || rules_.digits != digit_cut::none))
          throw unknown(at("pre_tokenizer"), "add_prefix_space after other cuts", "add_prefix_space false");
        if (flag_of(p, "use_regex", true, "pre_tokenizer")) cut_by(word_pattern::gpt2, p);
      } else if (type == "Digits" && !rules_.byte_level && !rules_.pattern && rules_.digits == digit_cut::none) {
        rules_.digits = flag_of(p, "individual_digits", false, "pre_tokenizer") ? digit_cut::each : digit_cut::runs;
      } else if (type == "Split" && text_of(p, "behavior") == "Isolated" &&
                 !flag_of(p, "invert", false, "pre_tokenizer") && p.contains("pattern")) {
        std::string const regex = text_of(p["pattern"], "Regex");
        auto const known = std::find_if(std::begin(word_patterns), std::end(word_patterns),
                                        [&](auto const& w) { return w.first == regex; });
        if (known == std::end(word_patterns))
          throw unknown(at("pre_tokenizer"), in_quotes(printable(regex)), "the patterns of GPT-2, Llama 3 and Qwen2");
        cut_by(known->second, p);
      } else if (type == "Metaspace" && text_of(p, "replacement") == space_mark &&
                 !flag_of(p, "split", true, "pre_tokenizer")) {
        bool const has_scheme = p.contains("prepend_scheme") && !p["prepend_scheme"].is_null();
        bool const in_front = flag_of(p, "add_prefix_space", true, "pre_tokenizer");
        std::string const scheme = text_of(p, "prepend_scheme");
        bool const never = has_scheme ? scheme == "never" : !in_front;
        rules_.metaspace = never ? front_mark::never : scheme == "first" ? front_mark::first : front_mark::always;
        if (has_scheme && scheme != "never" && scheme != "first" && scheme != "always")
          throw unknown(at("pre_tokenizer.prepend_scheme"), json_file::text(p["prepend_scheme"]),
                        "'always', 'first', 'never'");
      } else {
        throw unknown(at("pre_tokenizer"), json_file::text(p),
                      "ByteLevel, Digits or Split by a known pattern in front of it, Metaspace without split");
      }
    }
    if ((rules_.pattern || rules_.digits != digit_cut::none) && !rules_.byte_level)
      throw unknown(at("pre_tokenizer"), "words without bytes", "ByteLevel after Digits and Split");
  }
  /// add_prefix_space of the settings, which byte-level classes read instead of the file's.
  /// Source  GPT2TokenizerFast, GPTNeoXTokenizerFast, CodeGenTokenizerFast of https://github.com/huggingface/transformers, release 4
  [[nodiscard]] static bool settled_space(json_file const* settings, bool of_file) {
    if (settings == nullptr || !settings->has("tokenizer_class")) return of_file;
    std::string family = settings->string("tokenizer_class");
    if (family.ends_with("Fast")) family.resize(family.size() - 4);
    bool const asks = family == "GPT2Tokenizer" || family == "GPTNeoXTokenizer" || family == "CodeGenTokenizer";
    return asks ? settings->flag("add_prefix_space", of_file) : of_file;
  }
  void cut_by(word_pattern pattern, nlohmann::json const& p) {
    if (rules_.pattern) throw unknown(at("pre_tokenizer"), json_file::text(p), "one pattern");
    rules_.pattern = pattern;
  }

  /// "left right", or ["left", "right"].
  [[nodiscard]] static std::vector<std::pair<std::string, std::string>> read_merges(json_file const& model) {
    auto const* list = model.find("merges");
    if (list == nullptr || !list->is_array())
      throw error({errc::missing_entry, "is missing or no list", model.where("merges"), "", "a list of pairs", ""});
    std::vector<std::pair<std::string, std::string>> merges;
    for (auto const& m : *list) {
      if (m.is_array() && m.size() == 2 && m[0].is_string() && m[1].is_string()) {
        merges.emplace_back(m[0].get<std::string>(), m[1].get<std::string>());
        continue;
      }
      std::string const both = m.is_string() ? m.get<std::string>() : "";
      std::size_t const blank = both.find(' ');
      if (blank == both.npos || blank == 0 || blank + 1 == both.size() || both.find(' ', blank + 1) != both.npos)
        throw error({errc::file_format, "merge " + std::to_string(merges.size()) + " is no pair", model.where("merges"),
                     json_file::text(m), "'left right' or ['left', 'right']", ""});
      merges.emplace_back(both.substr(0, blank), both.substr(blank + 1));
    }
    return merges;
  }

  /// Added tokens of the vocabulary have its ids, others new ones.
  [[nodiscard]] std::vector<added_token> read_added(std::vector<std::string> const& pieces) const {
    std::unordered_map<std::string_view, std::size_t> known;
    for (std::size_t i = 0; i < pieces.size(); ++i)
      if (!pieces[i].empty()) known.emplace(pieces[i], i);
    std::vector<added_token> added;
    std::unordered_map<std::string, std::int32_t> ids;
    auto const* list = json.find("added_tokens");
    if (list == nullptr) return added;
    if (!list->is_array()) throw json.wrong_type("added_tokens", *list, "a list");
    for (auto const& a : *list) {
      std::string const text = a.is_object() ? text_of(a, "content") : "";
      if (text.empty() || !a.contains("id") || !a["id"].is_number_unsigned() ||
          a["id"].get<std::uint64_t>() >= max_piece_ids)
        throw json.wrong_type("added_tokens", a, "tokens with content and id");
      if (text.size() > max_added_token_bytes)
        throw error({errc::capacity, "token is too long", at("added_tokens"), std::to_string(text.size()) + " bytes",
                     "at most " + std::to_string(max_added_token_bytes), ""});
      for (char const* key : {"single_word", "lstrip", "rstrip"})
        if (flag_of(a, key, false, "added_tokens"))
          throw unknown(at("added_tokens"), in_quotes(printable(text)), std::string(key) + " false");
      auto const id = static_cast<std::int32_t>(a["id"].get<std::uint64_t>());
      auto const i = static_cast<std::size_t>(id);
      auto const piece = known.find(text);
      if (piece == known.end() ? i < pieces.size() && !pieces[i].empty() : piece->second != i)
        throw error(
            {errc::file_format, "has an id that is not the vocabulary's", at("added_tokens"),
             in_quotes(text) + " with " + std::to_string(id),
             piece == known.end() ? "one that is not that of " + in_quotes(pieces[i]) : std::to_string(piece->second),
             "take all parts of the file from one tokenizer"});
      if (auto const [first, is_new] = ids.emplace(text, id); !is_new && first->second != id)
        throw error({errc::file_format, "has two ids", at("added_tokens"), in_quotes(text),
                     std::to_string(first->second) + " or " + std::to_string(id), "keep one"});
      added.push_back(
          {text, id, flag_of(a, "special", false, "added_tokens"), flag_of(a, "normalized", false, "added_tokens")});
    }
    return added;
  }

  bpe_text_rules rules_;
};

}  // namespace detail

/// The tokenizer in a tokenizer.json. What is around a text is begin() and after() of it.
/// settings: the tokenizer_config.json beside it, empty for none; its add_bos_token, add_eos_token and add_prefix_space count where its
/// class reads them
/// Errors  file_missing, file_format, missing_entry, config_value, config_conflict, capacity; file and key
[[nodiscard]] inline bpe_tokenizer read_tokenizer_json(std::filesystem::path const& file,
                                                       std::filesystem::path const& settings = {}) {
  detail::bpe_reader reader(file);
  if (settings.empty()) return reader.read(nullptr);
  json_file const beside(settings);
  return reader.read(&beside);
}

}  // namespace ohmic::inline OHMIC_ABI::model
