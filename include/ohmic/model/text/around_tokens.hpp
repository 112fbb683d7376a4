// The tokens that a tokenizer.json of byte pair encoding puts around every text: those of its post-processor, or of the settings beside it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/printable.hpp"
#include "ohmic/model/import/json.hpp"
#include "ohmic/model/text/bpe_tokenizer.hpp"
#include "ohmic/model/text/piece_ids.hpp"
#include "ohmic/model/text/tokenizer_parts.hpp"

namespace ohmic::inline OHMIC_ABI::model::detail {

/// Ids in front of a single text, and ids after it.
struct tokens_around {
  std::vector<std::int32_t> begin, after;
};

/// Reads what is around a text.
class around_reader {
 public:
  /// Most tokens in front of a text, and most after it.
  static constexpr std::size_t max_around = 256;

  around_reader(tokenizer_parts const& file, std::vector<std::string> const& pieces,
                std::vector<added_token> const& added)
      : file_(file), pieces_(pieces), added_(added) {}

  /// The special tokens around a single text: those of a template, or RoBERTa's two.
  [[nodiscard]] tokens_around read() const {
    tokens_around out;
    bool has = false;
    for (auto const& p : tokenizer_parts::parts(file_.json.find("post_processor"), "processors")) {
      std::string const type = p.is_object() ? tokenizer_parts::text_of(p, "type") : "";
      if (type == "ByteLevel") continue;  // which only moves offsets
      if (type != "TemplateProcessing" && type != "RobertaProcessing")
        throw tokenizer_parts::unknown(file_.at("post_processor"), json_file::text(p),
                                       "TemplateProcessing, RobertaProcessing, ByteLevel");
      if (has)
        throw tokenizer_parts::unknown(file_.at("post_processor"), json_file::text(p),
                                       "tokens of one part");  // a second takes a pair
      has = true;
      out = type == "TemplateProcessing" ? read_template(p) : read_roberta(p);
    }
    return out;
  }

  /// add_bos_token and add_eos_token of a tokenizer_config.json, where they are there: classes of Llama and GPT-NeoX make anew by them what is
  /// around a text. Releases differ in what others do, so theirs have to agree with the file.
  /// Errors  config_conflict, missing_entry, file_format
  /// Source  LlamaTokenizerFast and GPTNeoXTokenizerFast of https://github.com/huggingface/transformers, release 4; release 5 asks every class
  void settle(json_file const& settings, tokens_around& out) const {
    std::string const family = settings.has("tokenizer_class") ? settings.string("tokenizer_class") : "";
    bool anew = false;
    for (std::string_view const name : {"LlamaTokenizer", "CodeLlamaTokenizer", "GPTNeoXTokenizer"})
      anew = anew || family == name || family == std::string(name) + "Fast";
    struct side {
      char const *flag, *token;
      std::vector<std::int32_t>& ids;
    };
    for (auto const& s :
         {side{"add_bos_token", "bos_token", out.begin}, side{"add_eos_token", "eos_token", out.after}}) {
      if (!settings.has(s.flag)) continue;
      std::vector<std::int32_t> wanted;
      if (settings.flag(s.flag, false)) {
        std::string const text = read_special(settings, s.token, "");
        wanted.push_back(id_of(text));
        if (wanted.front() < 0)
          throw error({errc::missing_entry, "is no token of the vocabulary", settings.where(s.token), in_quotes(text),
                       "a token, as " + in_quotes(s.flag) + " asks for one", ""});
      }
      if (!anew && wanted != s.ids)
        throw error({errc::config_conflict,
                     "contradicts the post_processor of " + file_.json.path().filename().string(),
                     settings.where(s.flag), wanted.empty() ? "false" : "true",
                     wanted.empty() ? "true: that has a token there" : "false: that has another token there, or none",
                     "take the key out, or write the post_processor anew: releases of transformers differ"});
      s.ids = std::move(wanted);
    }
  }

 private:
  /// A token's id, the first choice where several have its text; -1 if there is none.
  [[nodiscard]] std::int32_t id_of(std::string const& text, std::int32_t first_choice = -1) const {
    if (text.empty()) return -1;
    if (first_choice >= 0 && static_cast<std::size_t>(first_choice) < pieces_.size() &&
        pieces_[static_cast<std::size_t>(first_choice)] == text)
      return first_choice;
    for (auto const& a : added_)
      if (a.text == text) return a.id;
    auto const found = std::find(pieces_.begin(), pieces_.end(), text);
    return found == pieces_.end() ? -1 : static_cast<std::int32_t>(found - pieces_.begin());
  }

  [[nodiscard]] tokens_around read_template(nlohmann::json const& p) const {
    if (!p.contains("single") || !p["single"].is_array())
      throw error(
          {errc::file_format, "has no template", file_.at("post_processor.single"), "", "a list of pieces", ""});
    tokens_around out;
    bool has_text = false;
    for (auto const& piece : p["single"]) {
      if (piece.is_object() && piece.contains("Sequence")) {
        if (has_text || tokenizer_parts::text_of(piece["Sequence"], "id") != "A")
          throw tokenizer_parts::unknown(file_.at("post_processor.single"), json_file::text(piece), "sequence A, once");
        has_text = true;
        continue;
      }
      if (!piece.is_object() || !piece.contains("SpecialToken"))
        throw error({errc::file_format, "is no piece of a template", file_.at("post_processor.single"),
                     json_file::text(piece), "SpecialToken or Sequence", ""});
      std::string const name = tokenizer_parts::text_of(piece["SpecialToken"], "id");
      auto& ids = has_text ? out.after : out.begin;
      try {
        auto const& of_token = p.at("special_tokens").at(name).at("ids");
        if (of_token.size() > max_around - ids.size())  // a short template may name a long list many times
          throw error({errc::capacity,
                       std::string("puts too many tokens ") + (has_text ? "after" : "in front of") + " a text",
                       file_.at("post_processor"), "", "at most " + std::to_string(max_around), ""});
        for (auto const& id : of_token) {
          if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= max_piece_ids)
            throw file_.json.wrong_type("post_processor", id, "an id of a token");
          ids.push_back(static_cast<std::int32_t>(id.get<std::uint64_t>()));
        }
      } catch (nlohmann::json::exception const&) {
        throw error({errc::file_format, "names a special token without ids", file_.at("post_processor"),
                     in_quotes(printable(name)), "", ""});
      }
    }
    if (!has_text) throw tokenizer_parts::unknown(file_.at("post_processor.single"), "no sequence", "sequence A, once");
    return out;
  }
  /// cls before a text, sep after it; the rest of it only moves offsets.
  [[nodiscard]] tokens_around read_roberta(nlohmann::json const& p) const {
    tokens_around out;
    for (char const* key : {"trim_offsets", "add_prefix_space"})
      static_cast<void>(file_.flag_of(p, key, true, "post_processor"));
    for (char const* key : {"cls", "sep"}) {
      auto const token = p.find(key);
      if (token == p.end() || !token->is_array() || token->size() != 2 || !token->front().is_string() ||
          !token->back().is_number_unsigned() || token->back().get<std::uint64_t>() >= max_piece_ids)
        throw error({errc::file_format, "is no token with its id", file_.at(std::string("post_processor.") + key), "",
                     "['<s>', 0]", ""});
      auto const text = token->front().get<std::string>();
      auto const id = static_cast<std::int32_t>(token->back().get<std::uint64_t>());
      if (auto const known = id_of(text, id); known != id)
        throw error({errc::file_format, "names a token that is none", file_.at(std::string("post_processor.") + key),
                     in_quotes(text) + " with " + std::to_string(id), "a token of the vocabulary with its id",
                     "take all parts of the file from one tokenizer"});
      (key[0] == 'c' ? out.begin : out.after).push_back(id);
    }
    return out;
  }

  tokenizer_parts const& file_;
  std::vector<std::string> const& pieces_;
  std::vector<added_token> const& added_;
};

}  // namespace ohmic::inline OHMIC_ABI::model::detail
