// BERT's WordPiece tokenizer: basic tokenization, then the longest piece of the vocabulary first; vocab.txt and
// tokenizer_config.json of Hugging Face's form, or tokenizer.json.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/utf8.hpp"
#include "ohmic/model/bert.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/model/import/json.hpp"
#include "ohmic/model/text/basic_tokens.hpp"
#include "ohmic/model/text/piece_ids.hpp"
#include "ohmic/model/text/tokenizer_parts.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// Settings of a WordPiece tokenizer.
struct wordpiece_config {
  basic_token_config basic;
  std::size_t max_length = 512;            ///< ids of a text, [CLS] and [SEP] included; at least 3
  std::size_t max_word_code_points = 100;  ///< longer words become the unknown piece
  std::string unknown = "[UNK]";
  std::string first = "[CLS]";
  std::string last = "[SEP]";
};

/// What happens to a text with more pieces than fit.
enum class long_text { cut, refuse };

/// Token ids of a text, and whether pieces at its end were left out.
struct encoded_text {
  std::vector<std::int32_t> ids;
  bool truncated = false;

  friend bool operator==(encoded_text const&, encoded_text const&) = default;
};

namespace detail {
inline error empty_piece(std::string const& where, std::size_t index) {
  return error({errc::file_format, "piece is empty", where + ", line " + std::to_string(index + 1), "", "",
                "one piece a line, no blank lines"});
}
}  // namespace detail

/// A WordPiece tokenizer. Encoding is const and may run on many threads at once.
/// Errors  construction: errc::file_format for an empty vocabulary, an empty, malformed or repeated piece;
///         errc::missing_entry for an absent special token; errc::config_value. `where` names the vocabulary in them
/// Source  Devlin 2019; Wu 2016 for the pieces; golden ids in tests/unit/model/text_wordpiece.cpp
class wordpiece {
 public:
  wordpiece(std::vector<std::string> vocabulary, wordpiece_config config, std::string const& where = "vocabulary")
      : pieces_(std::move(vocabulary)), config_(std::move(config)) {
    if (config_.max_length < 3)
      throw error({errc::config_value, "max_length leaves no room for text", where, std::to_string(config_.max_length),
                   "3 or more", ""});
    if (pieces_.empty()) throw error({errc::file_format, "vocabulary is empty", where, "", "", ""});
    if (pieces_.size() > model_limits::vocabulary)
      throw error({errc::capacity, "vocabulary is too large", where, std::to_string(pieces_.size()),
                   "at most " + std::to_string(model_limits::vocabulary), ""});
    ids_.reserve(pieces_.size());
    for (std::size_t i = 0; i < pieces_.size(); ++i) add(i, where);
    unknown_ = special(config_.unknown, "unk_token", where);
    first_ = special(config_.first, "cls_token", where);
    last_ = special(config_.last, "sep_token", where);
  }

  [[nodiscard]] wordpiece_config const& config() const noexcept { return config_; }
  [[nodiscard]] std::size_t size() const noexcept { return pieces_.size(); }
  /// The piece of an id. Errors  errc::value for an id out of range
  [[nodiscard]] std::string const& piece(std::int32_t id) const {
    check_ids({&id, 1}, pieces_.size(), "wordpiece");
    return pieces_[static_cast<std::size_t>(id)];
  }

  /// [CLS] pieces [SEP]; of a longer text the first max_length - 2 pieces.
  /// Errors  errc::capacity with long_text::refuse, naming `where`
  [[nodiscard]] encoded_text encode(std::string_view text, long_text rule = long_text::cut,
                                    std::string const& where = "text") const {
    encoded_text out;
    std::size_t const room = config_.max_length - 1;  // the last place is [SEP]'s
    out.ids.push_back(first_);
    for_each_basic_token(text, config_.basic, [&](std::string const& word) {
      append_word(word, out.ids);
      return out.ids.size() <= room;
    });
    out.truncated = out.ids.size() > room;
    if (out.truncated && rule == long_text::refuse)
      throw error({errc::capacity, "has more pieces than the model has positions", where, "",
                   std::to_string(config_.max_length) + " with [CLS] and [SEP]", "shorten it, or allow truncation"});
    if (out.truncated) out.ids.resize(room);
    out.ids.push_back(last_);
    return out;
  }

 private:
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const noexcept { return std::hash<std::string_view>{}(s); }
  };

  void add(std::size_t i, std::string const& where) {
    std::string const& piece = pieces_[i];
    std::string const line = where + ", line " + std::to_string(i + 1);
    if (piece.empty()) throw detail::empty_piece(where, i);
    if (find_invalid_utf8(piece) != std::string_view::npos)
      throw error({errc::file_format, "piece is not UTF-8", line, in_quotes(piece), "", ""});
    auto const [at, added] = ids_.emplace(piece, static_cast<std::int32_t>(i));
    if (!added)
      throw error({errc::file_format, "piece " + in_quotes(piece) + " is given twice", line, "",
                   "the first is line " + std::to_string(at->second + 1), ""});
    longest_ = std::max(longest_, piece.size());
  }

  [[nodiscard]] std::int32_t special(std::string const& piece, char const* key, std::string const& where) const {
    auto const at = ids_.find(std::string_view(piece));
    if (at == ids_.end())
      throw error({errc::missing_entry, std::string("special token ") + in_quotes(piece) + " (" + key + ") is missing",
                   where, "", "", ""});
    return at->second;
  }

  /// Appends the pieces of a word, or the unknown piece if some part of the word has none.
  void append_word(std::string const& word, std::vector<std::int32_t>& ids) const {
    std::size_t const before = ids.size();
    bool known = count_code_points(word) <= config_.max_word_code_points;
    std::string candidate;
    for (std::size_t begin = 0; known && begin < word.size();) {
      candidate.assign(begin == 0 ? "" : "##");
      std::size_t const prefix = candidate.size();
      candidate.append(word, begin, longest_);
      auto at = ids_.end();
      for (; candidate.size() > prefix; candidate.pop_back()) {  // an end within a code point matches no piece
        at = ids_.find(std::string_view(candidate));
        if (at != ids_.end()) break;
      }
      known = at != ids_.end();
      if (!known) break;
      ids.push_back(at->second);
      begin += candidate.size() - prefix;
    }
    if (known) return;
    ids.resize(before);
    ids.push_back(unknown_);
  }

  std::vector<std::string> pieces_;
  wordpiece_config config_;
  std::unordered_map<std::string, std::int32_t, text_hash, std::equal_to<>> ids_;
  std::size_t longest_ = 0;  // bytes
  std::int32_t unknown_ = 0, first_ = 0, last_ = 0;
};

namespace detail {

/// Absent, or so large that it means "no limit" (Hugging Face writes 1e30): the model's positions bound the text.
inline std::size_t read_max_length(json_file const& json, std::size_t positions) {
  nlohmann::json const* v = json.find("model_max_length");
  if (v == nullptr || (v->is_number_float() && v->get<double>() >= 1e18)) return positions;
  return std::min(json.count("model_max_length", 3, std::numeric_limits<std::size_t>::max()), positions);
}

/// One piece a line; CRLF is taken as a line end. What no tokenizer takes ends it at once: a file of line ends would make millions of pieces.
/// Errors  errc::file_missing; errc::file_format for a blank line and a byte order mark, which would belong to the first piece; errc::capacity
inline std::vector<std::string> read_vocabulary(std::filesystem::path const& file) {
  std::string const bytes = read_whole(file, std::uint64_t{1} << 28);
  if (bytes.starts_with("\xEF\xBB\xBF"))
    throw error({errc::file_format, "begins with a byte order mark", place(file, "line 1"), "", "UTF-8 without one",
                 "save it without a byte order mark"});
  std::vector<std::string> pieces;
  for (std::size_t begin = 0; begin < bytes.size();) {
    std::size_t const end = std::min(bytes.find('\n', begin), bytes.size());
    std::size_t const stop = end > begin && bytes[end - 1] == '\r' ? end - 1 : end;
    if (stop == begin) throw empty_piece(place(file), pieces.size());
    if (pieces.size() == model_limits::vocabulary)
      throw error({errc::capacity, "vocabulary is too large", place(file), "more lines",
                   "at most " + std::to_string(model_limits::vocabulary), ""});
    pieces.emplace_back(bytes, begin, stop - begin);
    begin = end + 1;
  }
  return pieces;
}

/// Of a text that is too long the first pieces stay, so nothing else may be asked for.
inline void require_cut_at_end(json_file const& json, char const* key, std::string const& right) {
  if (!json.has(key)) return;
  if (std::string const side = json.string(key); side != right)
    throw error({errc::config_value, "is not supported", json.where(key), in_quotes(side), in_quotes(right),
                 "long texts lose their ends"});
}

/// Keys of a tokenizer_config.json.
inline basic_token_config read_basic(json_file const& json) {
  basic_token_config c;
  c.lower_case = json.flag("do_lower_case", true);
  c.strip_accents = json.flag("strip_accents", c.lower_case);
  c.space_ideographs = json.flag("tokenize_chinese_chars", true);
  return c;
}
}  // namespace detail

/// The settings in a tokenizer_config.json. What is absent has Hugging Face's default: lower case, accents as lower
/// case.
/// Errors  errc::file_missing, errc::file_format, errc::config_value, naming file and key
[[nodiscard]] inline wordpiece_config read_wordpiece_config(std::filesystem::path const& file, std::size_t positions) {
  json_file const json(file);
  wordpiece_config c;
  if (json.has("tokenizer_class")) {
    std::string const name = json.string("tokenizer_class");
    if (name != "BertTokenizer" && name != "BertTokenizerFast")
      throw error({errc::config_value, "is not supported", json.where("tokenizer_class"), in_quotes(name),
                   "'BertTokenizer', 'BertTokenizerFast'", ""});
  }
  if (!json.flag("do_basic_tokenize", true))
    throw error({errc::config_value, "is not supported", json.where("do_basic_tokenize"), "false", "true", ""});
  if (auto const* v = json.find("never_split"); v != nullptr && !v->empty())
    throw error({errc::config_value, "is not supported", json.where("never_split"), json_file::text(*v),
                 "absent or empty", ""});
  detail::require_cut_at_end(json, "truncation_side", "right");
  c.basic = detail::read_basic(json);
  c.max_length = detail::read_max_length(json, positions);
  c.unknown = detail::read_special(json, "unk_token", c.unknown);
  c.first = detail::read_special(json, "cls_token", c.first);
  c.last = detail::read_special(json, "sep_token", c.last);
  return c;
}

namespace detail {

/// Longest word that a tokenizer.json may have cut into pieces: the time for a word grows with more than its length.
inline constexpr std::size_t max_word_characters = 256;

/// An id that a post-processor gives a token is the vocabulary's.
/// Errors  file_format
inline void require_same_id(std::vector<std::string> const& pieces, std::string const& token, nlohmann::json const& id,
                            std::string const& where) {
  bool const known = id.is_number_unsigned() && id.get<std::uint64_t>() < pieces.size();
  if (known && pieces[static_cast<std::size_t>(id.get<std::uint64_t>())] == token) return;
  throw error({errc::file_format, "gives " + in_quotes(token) + " an id that is not the vocabulary's", where,
               json_file::text(id),
               known ? "that is " + in_quotes(pieces[static_cast<std::size_t>(id.get<std::uint64_t>())])
                     : "an id of the vocabulary",
               "take all parts of the file from one tokenizer"});
}

/// The special tokens around a text: BertProcessing's, or those of a template that has one before it and one after it.
inline void read_around(json_file const& json, std::vector<std::string> const& pieces, wordpiece_config& c) {
  json_file const part = json.inside("post_processor");
  std::string const type = part.string("type");
  auto const unknown = [&](std::string const& key, std::string got, std::string allowed) {
    return error({errc::config_value, "is not supported", part.where(key), std::move(got), std::move(allowed), ""});
  };
  auto const name_of = [&](nlohmann::json const& v, char const* key) -> std::string {
    auto const found = v.find(key);
    return v.is_object() && found != v.end() && found->is_object() && found->contains("id") &&
                   (*found)["id"].is_string()
               ? (*found)["id"].get<std::string>()
               : std::string();
  };
  if (type == "BertProcessing" || type == "RobertaProcessing") {
    for (auto const& [key, token] : {std::pair{"cls", &c.first}, {"sep", &c.last}}) {
      auto const* const v = part.find(key);
      if (v == nullptr || !v->is_array() || v->size() != 2 || !v->front().is_string())
        throw error({errc::file_format, "is no token with its id", part.where(key), "", "['[CLS]', 101]", ""});
      *token = v->front().get<std::string>();
      require_same_id(pieces, *token, v->back(), part.where(key));
    }
    return;
  }
  auto const* const single = part.find("single");
  if (type != "TemplateProcessing" || single == nullptr || !single->is_array() || single->size() != 3)
    throw unknown("type", in_quotes(printable(type)),
                  "BertProcessing, or TemplateProcessing of a token, the text, a token");
  c.first = name_of((*single)[0], "SpecialToken"), c.last = name_of((*single)[2], "SpecialToken");
  if (c.first.empty() || c.last.empty() || name_of((*single)[1], "Sequence") != "A")
    throw unknown("single", json_file::text(*single), "a special token, sequence A, a special token");
  auto const* const ids = part.find("special_tokens");
  for (auto const* const token : {&c.first, &c.last}) {
    if (ids == nullptr) continue;  // the vocabulary's
    auto const entry = ids->is_object() ? ids->find(*token) : ids->end();
    auto const list = entry != ids->end() && entry->is_object() ? entry->find("ids") : nlohmann::json::const_iterator();
    if (entry == ids->end() || !entry->is_object() || list == entry->end() || !list->is_array() || list->size() != 1)
      throw error({errc::file_format, "has not one id for " + in_quotes(*token), part.where("special_tokens"), "",
                   "{'[CLS]': {'ids': [101]}}", ""});
    require_same_id(pieces, *token, list->front(), part.where("special_tokens"));
  }
}

/// Classes of transformers 4 and 5 that keep what a tokenizer.json says.
[[nodiscard]] inline bool takes_json_as_it_is(json_file const& settings) {
  if (!settings.has("tokenizer_class")) return false;
  std::string const name = settings.string("tokenizer_class");
  return name == "PreTrainedTokenizerFast" || name == "TokenizersBackend";
}

/// What the tokenizer_config.json beside a tokenizer.json changes: a text's length, and basic tokens by keys whose absence means their
/// defaults, but for a class that takes tokenizer.json as it is.
/// Source  BertTokenizerFast of https://github.com/huggingface/transformers, which makes its normaliser anew by these keys
inline void apply_settings(json_file const& settings, wordpiece_config& c) {
  require_cut_at_end(settings, "truncation_side", "right");
  c.max_length = read_max_length(settings, c.max_length);
  if (takes_json_as_it_is(settings)) return;
  c.basic = read_basic(settings);
}
}  // namespace detail

/// The tokenizer in a tokenizer.json whose model is WordPiece. Tokens of its vocabulary that stand in a text, such as "[MASK]", are text.
/// settings: the tokenizer_config.json beside it, empty for none; its model_max_length bounds texts, not the file's truncation, and its
/// do_lower_case, strip_accents and tokenize_chinese_chars count, not the normalizer's.
/// Errors  file_missing, file_format, missing_entry, config_value, capacity; file and key
[[nodiscard]] inline wordpiece read_wordpiece_json(std::filesystem::path const& file, std::size_t positions,
                                                   std::filesystem::path const& settings = {}) {
  json_file const json(file, std::uint64_t{64} << 20);
  json_file const model = json.inside("model"), normalizer = json.inside("normalizer");
  auto const require = [](json_file const& at, char const* key, char const* value) {
    if (std::string const got = at.string(key); got != value)
      throw error(
          {errc::config_value, "is not supported", at.where(key), in_quotes(printable(got)), in_quotes(value), ""});
  };
  require(model, "type", "WordPiece");
  if (model.has("continuing_subword_prefix")) require(model, "continuing_subword_prefix", "##");
  require(normalizer, "type", "BertNormalizer");
  require(json.inside("pre_tokenizer"), "type", "BertPreTokenizer");
  if (!normalizer.flag("clean_text", true))
    throw error({errc::config_value, "is not supported", normalizer.where("clean_text"), "false", "true", ""});
  wordpiece_config c;
  c.basic.lower_case = normalizer.flag("lowercase", true);
  c.basic.strip_accents = normalizer.flag("strip_accents", c.basic.lower_case);
  c.basic.space_ideographs = normalizer.flag("handle_chinese_chars", true);
  c.max_length = positions;
  // Left behind by a run that cut texts; transformers cuts by model_max_length of the settings instead.
  if (json.has("truncation") && settings.empty()) {
    auto const truncation = json.inside("truncation");
    c.max_length = std::min(positions, truncation.count("max_length", 3, model_limits::positions));
    detail::require_cut_at_end(truncation, "direction", "Right");
  }
  if (!settings.empty()) detail::apply_settings(json_file(settings), c);
  if (model.has("unk_token")) c.unknown = model.string("unk_token");
  if (model.has("max_input_chars_per_word"))
    c.max_word_code_points = model.count("max_input_chars_per_word", 1, detail::max_word_characters);
  auto pieces = detail::read_piece_ids(model);
  detail::read_around(json, pieces, c);
  return {std::move(pieces), std::move(c), place(file, "key 'model.vocab'")};
}

/// The tokenizer in `folder` (vocab.txt; where there is none, or the class takes tokenizer.json as it is, that; by the settings of a
/// tokenizer_config.json that is there)
/// for a model: its ids are rows of the model's word embedding, its texts fit into the model's positions.
/// Errors  those of read_wordpiece_config, read_wordpiece_json and wordpiece; errc::config_conflict if the vocabulary has more pieces than
///         the model
[[nodiscard]] inline wordpiece read_wordpiece(std::filesystem::path const& folder, bert_config const& model) {
  std::filesystem::path const lines = folder / "vocab.txt", json = folder / "tokenizer.json";
  std::filesystem::path const settings = folder / "tokenizer_config.json";
  bool const has_settings = std::filesystem::exists(settings);
  bool const as_it_is = has_settings && detail::takes_json_as_it_is(json_file(settings));
  bool const in_json = std::filesystem::exists(json) && (as_it_is || !std::filesystem::exists(lines));
  std::filesystem::path const& file = in_json ? json : lines;
  wordpiece tokens = in_json ? read_wordpiece_json(json, model.positions, has_settings ? settings : "") : [&] {
    wordpiece_config config;  // Hugging Face's defaults
    config.max_length = model.positions;
    if (has_settings) config = read_wordpiece_config(settings, model.positions);
    return wordpiece(detail::read_vocabulary(lines), std::move(config), place(lines));
  }();
  if (tokens.size() > model.vocabulary)
    throw error({errc::config_conflict, "vocabulary does not fit the model", place(file),
                 std::to_string(tokens.size()) + " pieces",
                 "at most " + std::to_string(model.vocabulary) + " (vocab_size of the model)",
                 "take " + file.filename().string() + " and config.json from the same model"});
  return tokens;
}

}  // namespace ohmic::inline OHMIC_ABI::model
