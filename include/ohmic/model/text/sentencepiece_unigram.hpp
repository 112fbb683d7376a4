// SentencePiece's unigram tokenizer, as T5 has it: of all splits into pieces the one with the highest sum of scores. From a model file, or
// from Hugging Face's tokenizer.json.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/utf8.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/model/import/json.hpp"
#include "ohmic/model/text/piece_ids.hpp"
#include "ohmic/model/text/sentencepiece.hpp"
#include "ohmic/model/text/sentencepiece_file.hpp"
#include "ohmic/model/text/token_search.hpp"
#include "ohmic/model/text/tokenizer_parts.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// A unigram tokenizer. Encoding is const and may run on many threads at once.
/// Errors  construction: as sentencepiece_text; errc::capacity for a piece that is too long
/// Source  Kudo 2018; unigram_model.cc of SentencePiece: a character without a piece costs 10 more than the least likely piece, of equal
///         sums the earlier start wins
class sentencepiece_unigram : public sentencepiece_text {
 public:
  /// Longest piece: so many are tried at every character of a text.
  static constexpr std::size_t max_piece_bytes = 256;

  using named_ids = std::vector<std::pair<std::string, std::int32_t>>;

  /// found: texts that are tokens wherever they stand, with their ids; found_normal: those whose cleaned form is searched for in cleaned text,
  /// after the others
  explicit sentencepiece_unigram(sentencepiece_data data, std::string const& where = "vocabulary", named_ids found = {},
                                 named_ids found_normal = {})
      : sentencepiece_text(std::move(data), {1, "unigram"}, where),
        found_(std::move(found)),
        found_normal_(std::move(found_normal)) {
    least_ = std::numeric_limits<double>::infinity();
    for (auto const& p : data_.pieces) {
      if (p.kind != piece_kind::normal) continue;
      if (p.text.size() > max_piece_bytes)
        throw error({errc::capacity, "piece is too long", where, std::to_string(p.text.size()) + " bytes",
                     "at most " + std::to_string(max_piece_bytes), ""});
      least_ = std::min(least_, static_cast<double>(p.score));
      longest_ = std::max(longest_, p.text.size());
    }
    std::vector<std::string> texts;
    for (auto const& f : found_) texts.push_back(f.first);
    search_ = token_search(std::move(texts));
    texts.clear();
    for (auto const& f : found_normal_) texts.push_back(cleaned(f.first));
    search_normal_ = token_search(std::move(texts));
    if (longest_ == 0)
      throw error({errc::file_format, "has no piece of text", where, std::to_string(size()) + " pieces",
                   "at least one normal piece", ""});
  }

  /// Ids of a text; none for an empty one. Characters outside the vocabulary become the unknown piece, one for a run of them.
  /// Errors  errc::capacity, naming `where`, for more than max_unigram_bytes
  [[nodiscard]] std::vector<std::int32_t> encode(std::string_view text, std::string const& where = "text") const {
    detail::require_unigram_size(text, where);
    std::vector<std::int32_t> ids;
    search_.cut(
        text,
        [&](std::string_view part, std::size_t at) {
          if (found_normal_.empty()) return append(normalised(part, at == 0), ids);
          search_normal_.cut(
              cleaned(part), [&](std::string_view p, std::size_t within) { append(marked(p, at + within == 0), ids); },
              [&](std::size_t token) { ids.push_back(found_normal_[token].second); });
        },
        [&](std::size_t token) { ids.push_back(found_[token].second); });
    return ids;
  }

 private:
  /// Ids of a text as pieces see it.
  void append(std::string const& normal, std::vector<std::int32_t>& ids) const {
    constexpr double unknown_penalty = 10.0;
    auto const ends_word = [&](std::size_t at) {
      return data_.words_apart && std::string_view(normal).substr(at).starts_with(space_mark);
    };
    struct node {
      double sum = 0.0;
      std::size_t start = 0;
      std::int32_t id = -1;  ///< -1: not reached
    };
    std::vector<node> best(normal.size() + 1);
    for (std::size_t at = 0; at < normal.size();) {
      std::size_t const character = decode_utf8(normal, at).bytes;
      bool alone = false;
      auto const offer = [&](std::size_t end, std::int32_t id, double score) {
        node& n = best[end];
        if (n.id < 0 || best[at].sum + score > n.sum) n = {best[at].sum + score, at, id};
      };
      for (std::size_t end = at + character; end <= std::min(normal.size(), at + longest_);) {
        auto const piece = ids_.find(std::string_view(normal).substr(at, end - at));
        if (piece != ids_.end()) {
          offer(end, piece->second, static_cast<double>(data_.pieces[static_cast<std::size_t>(piece->second)].score));
          alone = alone || end == at + character;
        }
        if (end == normal.size() || ends_word(end)) break;
        end += decode_utf8(normal, end).bytes;
      }
      if (!alone) offer(at + character, unknown_, least_ - unknown_penalty);
      at += character;
    }
    std::vector<std::int32_t> back;
    for (std::size_t end = normal.size(); end > 0; end = best[end].start)
      if (best[end].id != unknown_ || back.empty() || back.back() != unknown_ || ends_word(end))
        back.push_back(best[end].id);
    ids.insert(ids.end(), back.rbegin(), back.rend());
  }

  named_ids found_, found_normal_;
  token_search search_, search_normal_;
  double least_ = 0.0;
  std::size_t longest_ = 0;  ///< bytes
};

/// The tokenizer in a model file.
/// Errors  those of read_sentencepiece and sentencepiece_unigram
[[nodiscard]] inline sentencepiece_unigram read_sentencepiece_unigram(std::filesystem::path const& file) {
  return sentencepiece_unigram(read_sentencepiece(file), place(file));
}

/// The tokenizer in the spiece.model of a T5's folder: after the file's pieces come sentinels, <extra_id_0> the last, which a text gives where it
/// holds them as they are, as it does with control pieces and the unknown one. There are as many as extra_ids of tokenizer_config.json
/// says; where it does not, T5's own 100 if the model's vocabulary has so many ids, else none.
/// Errors  those of read_sentencepiece and sentencepiece_unigram; file_format, config_value for extra_ids
/// Source  T5Tokenizer of https://github.com/huggingface/transformers
[[nodiscard]] inline sentencepiece_unigram read_t5_pieces(std::filesystem::path const& folder, std::size_t vocabulary) {
  constexpr std::size_t usual = 100, most = 65536;
  std::filesystem::path const file = folder / "spiece.model", settings = folder / "tokenizer_config.json";
  auto data = read_sentencepiece(file);
  std::size_t sentinels = data.pieces.size() + usual <= vocabulary ? usual : 0;
  if (std::filesystem::exists(settings))
    if (json_file const json(settings); json.has("extra_ids")) sentinels = json.count("extra_ids", 0, most);
  for (std::size_t k = sentinels; k-- > 0;)
    data.pieces.push_back({"<extra_id_" + std::to_string(k) + ">", 0.0f, piece_kind::control});
  std::vector<std::pair<std::string, std::int32_t>> found;
  for (std::size_t id = 0; id < data.pieces.size(); ++id)
    if (auto const& p = data.pieces[id]; p.kind == piece_kind::control || p.kind == piece_kind::unknown)
      found.emplace_back(p.text, static_cast<std::int32_t>(id));
  return sentencepiece_unigram(std::move(data), place(file), std::move(found));
}

namespace detail {

/// Bytes of base64 text.
/// Errors  file_format
[[nodiscard]] inline std::string of_base64(std::string_view text, std::string const& where) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string out;
  std::uint32_t bits = 0, held = 0;
  for (char const c : text) {
    std::size_t const digit = digits.find(c);
    if (digit == digits.npos)
      throw error({errc::file_format, "is no base64", where, in_quotes(std::string(1, c)), "A-Z a-z 0-9 + /", ""});
    bits = (bits << 6 | static_cast<std::uint32_t>(digit)) & 0xFFFFFFu;
    held += 6;
    if (held >= 8) out.push_back(static_cast<char>(bits >> (held -= 8) & 0xFFu));
  }
  return out;
}

/// Reads a tokenizer.json of type Unigram; whatever would change ids and is not known is refused by key. What a template puts after a text is
/// the caller's.
class unigram_reader {
 public:
  static constexpr std::uint64_t max_bytes = std::uint64_t{64} << 20;

  explicit unigram_reader(std::filesystem::path const& file) : json_(file, max_bytes) {}

  [[nodiscard]] sentencepiece_unigram read() {
    json_file const model = json_.inside("model");
    if (std::string const type = model.string("type"); type != "Unigram")
      throw tokenizer_parts::unknown(model.where("type"), in_quotes(type), "'Unigram'");
    if (model.flag("byte_fallback", false))
      throw tokenizer_parts::unknown(model.where("byte_fallback"), "true", "false");
    data_.algorithm = 1;
    read_pieces(model);
    data_.dummy_prefix = data_.escape_whitespace = data_.remove_extra_whitespace = false;
    for (auto const& p : parts("normalizer", "normalizers")) read_normaliser(p);
    for (auto const& p : parts("pre_tokenizer", "pretokenizers")) read_pre_tokens(p);
    if (!data_.escape_whitespace)
      throw tokenizer_parts::unknown(json_.where("pre_tokenizer"), "no Metaspace",
                                     "Metaspace, or WhitespaceSplit and Metaspace");
    if (strips_ && !runs_ && !splits_)
      throw tokenizer_parts::unknown(json_.where("normalizer"), "Strip alone", "runs of spaces made one, too");
    if (splits_ && data_.prefix_first_only)
      throw tokenizer_parts::unknown(json_.where("pre_tokenizer"),
                                     "WhitespaceSplit and a mark in front of the first word alone",
                                     "WhitespaceSplit with a mark in front of each");
    data_.remove_extra_whitespace = runs_ || splits_;
    data_.ends_keep_space = !splits_;
    data_.strip_end = strips_ && !splits_;
    data_.words_apart = data_.words_apart || splits_;
    require_post_processor();
    read_added();
    return sentencepiece_unigram(std::move(data_), place(json_.path()), std::move(found_), std::move(found_normal_));
  }

 private:
  [[nodiscard]] static std::string text_of(nlohmann::json const& j, char const* key) {
    return tokenizer_parts::text_of(j, key);
  }
  [[nodiscard]] std::vector<nlohmann::json> parts(char const* key, char const* list) const {
    return tokenizer_parts::parts(json_.find(key), list);
  }

  void read_pieces(json_file const& model) {
    auto const* const list = model.find("vocab");
    if (list == nullptr || !list->is_array() || list->empty() || list->size() > max_piece_ids)
      throw error({errc::missing_entry, "is missing, empty or no list", model.where("vocab"), "",
                   "a list of [piece, score]", ""});
    for (auto const& p : *list) {
      if (!p.is_array() || p.size() != 2 || !p[0].is_string() || !p[1].is_number())
        throw error({errc::file_format, "entry " + std::to_string(data_.pieces.size()) + " is not [piece, score]",
                     model.where("vocab"), json_file::text(p), "a text and a number", ""});
      double const score = p[1].get<double>();
      if (!(std::fabs(score) <= std::numeric_limits<float>::max()))
        throw error({errc::value, "entry " + std::to_string(data_.pieces.size()) + " has no finite score",
                     model.where("vocab"), json_file::text(p[1]), "a number of 32 bits", ""});
      data_.pieces.push_back({p[0].get<std::string>(), static_cast<float>(score), piece_kind::normal});
    }
    data_.pieces[model.count("unk_id", 0, data_.pieces.size() - 1)].kind = piece_kind::unknown;
  }

  void read_normaliser(nlohmann::json const& p) {
    std::string const type = text_of(p, "type"), where = json_.where("normalizer");
    if (type == "Precompiled") {
      if (!p.contains("precompiled_charsmap") || !p["precompiled_charsmap"].is_string())
        throw json_.wrong_type("normalizer.precompiled_charsmap",
                               p.contains("precompiled_charsmap") ? p["precompiled_charsmap"] : nlohmann::json(),
                               "base64 text");
      data_.normaliser_table = of_base64(text_of(p, "precompiled_charsmap"), where);
      return;
    }
    bool const runs = type == "Replace" && p.contains("pattern") && text_of(p["pattern"], "Regex") == " {2,}" &&
                      (text_of(p, "content") == " " || text_of(p, "content") == space_mark);
    bool const strip = type == "Strip" && (!p.contains("strip_right") || p["strip_right"] == true);
    // Behind the other a Strip leaves marks, which are no blanks any more.
    if ((!strip && !runs) || (strip && runs_))
      throw tokenizer_parts::unknown(where, json_file::text(p),
                                     "Precompiled, Strip on the right, runs of spaces made one, in this order");
    strips_ = strips_ || strip;
    runs_ = runs_ || runs;
  }

  void read_pre_tokens(nlohmann::json const& p) {
    std::string const type = text_of(p, "type"), scheme = text_of(p, "prepend_scheme");
    if (type == "WhitespaceSplit") {
      if (data_.normaliser_table.empty())
        throw tokenizer_parts::unknown(json_.where("pre_tokenizer"), "WhitespaceSplit without a Precompiled normaliser",
                                       "a table that makes every blank a space");
      splits_ = true;
      return;
    }
    bool const in_front = scheme.empty() ? !p.contains("add_prefix_space") || p["add_prefix_space"] == true
                                         : scheme == "always" || scheme == "first";
    if (type != "Metaspace" || text_of(p, "replacement") != space_mark || !in_front)
      throw tokenizer_parts::unknown(json_.where("pre_tokenizer"), json_file::text(p),
                                     "WhitespaceSplit, Metaspace with a mark in front");
    data_.dummy_prefix = data_.prefix_if_absent = data_.escape_whitespace = true;
    data_.prefix_first_only = scheme == "first";
    data_.words_apart = !p.contains("split") || p["split"] != false;
  }

  /// A template that puts nothing in front of a text, and at most one token after it, which the caller adds.
  void require_post_processor() const {
    for (auto const& p : parts("post_processor", "processors")) {
      auto const single = p.is_object() ? p.find("single") : p.end();
      bool const is_list = text_of(p, "type") == "TemplateProcessing" && single != p.end() && single->is_array();
      bool const has = is_list && (single->size() == 1 || single->size() == 2) && (*single)[0].is_object() &&
                       (*single)[0].contains("Sequence") &&
                       (single->size() == 1 || ((*single)[1].is_object() && (*single)[1].contains("SpecialToken")));
      if (!has)
        throw tokenizer_parts::unknown(json_.where("post_processor"), json_file::text(p),
                                       "TemplateProcessing of a text and a token after it");
    }
  }

  /// Special tokens become control pieces, which text never gives but where it holds them as they are.
  void read_added() {
    std::unordered_map<std::string, std::size_t> ids;
    auto const* const list = json_.find("added_tokens");
    if (list == nullptr) return;
    if (!list->is_array()) throw json_.wrong_type("added_tokens", *list, "a list");
    for (auto const& a : *list) {
      std::string const text = text_of(a, "content");
      if (text.empty() || !a.contains("id") || !a["id"].is_number_unsigned() ||
          a["id"].get<std::uint64_t>() > data_.pieces.size())
        throw json_.wrong_type("added_tokens", a, "tokens with content and an id of the vocabulary, or the next one");
      if (text.size() > max_added_token_bytes)
        throw error({errc::capacity, "token is too long", json_.where("added_tokens"),
                     std::to_string(text.size()) + " bytes", "at most " + std::to_string(max_added_token_bytes), ""});
      // Blanks beside a token go anyway where each is a space, and ends of texts lose theirs.
      bool const blanks_go = (splits_ || strips_) && !data_.prefix_first_only && !data_.normaliser_table.empty();
      for (char const* flag : {"lstrip", "rstrip", "single_word"})
        if (a.contains(flag) && a[flag] != false && (!blanks_go || flag[0] == 's'))
          throw tokenizer_parts::unknown(json_.where("added_tokens"), in_quotes(printable(text)) + " with " + flag,
                                         "false");
      auto const normal = a.find("normalized");
      if (normal != a.end() && !normal->is_boolean())
        throw json_.wrong_type("added_tokens.normalized", *normal, "true or false");
      bool const is_normal = normal != a.end() && *normal == true;
      auto const id = static_cast<std::size_t>(a["id"].get<std::uint64_t>());
      if (id == data_.pieces.size()) data_.pieces.push_back({text, 0.0f, piece_kind::control});
      auto& piece = data_.pieces[id];
      if (piece.text != text)
        throw error({errc::file_format, "has an id that is another piece's", json_.where("added_tokens"),
                     in_quotes(printable(text)), in_quotes(printable(piece.text)), ""});
      if (piece.kind == piece_kind::normal) piece.kind = piece_kind::control;
      if (auto const [first, is_new] = ids.emplace(text, id); !is_new && first->second != id)
        throw error({errc::file_format, "has two ids", json_.where("added_tokens"), in_quotes(text),
                     std::to_string(first->second) + " or " + std::to_string(id), "keep one"});
      (is_normal ? found_normal_ : found_).emplace_back(text, static_cast<std::int32_t>(id));
    }
  }

  json_file json_;
  sentencepiece_data data_;
  sentencepiece_unigram::named_ids found_, found_normal_;
  bool strips_ = false, runs_ = false, splits_ = false;
};

}  // namespace detail

/// The tokenizer in a tokenizer.json of type Unigram.
/// Errors  file_missing, file_format, missing_entry, config_value, capacity; file and key
[[nodiscard]] inline sentencepiece_unigram read_unigram_json(std::filesystem::path const& file) {
  return detail::unigram_reader(file).read();
}

}  // namespace ohmic::inline OHMIC_ABI::model
