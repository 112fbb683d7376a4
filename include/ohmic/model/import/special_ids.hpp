// Tokens that a model's configuration names: those that begin its texts, and those that end what it generates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/model/import/json.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// Ids under a key, such as eos_token_id: a number or a list of them; none where the key is absent.
/// Errors  file_format, config_value for what is no id below `vocabulary`
[[nodiscard]] inline std::vector<std::int32_t> read_special_ids(json_file const& config, std::string const& key,
                                                                std::size_t vocabulary) {
  auto const* const v = config.find(key);
  if (v == nullptr) return {};
  std::size_t const last = vocabulary - 1;
  if (!v->is_array()) return {static_cast<std::int32_t>(config.count(key, 0, last))};
  std::vector<std::int32_t> ids;
  for (auto const& id : *v) {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() > last)
      throw error({errc::config_value, "is out of range", config.where(key), json_file::text(id),
                   "0 to " + std::to_string(last), ""});
    ids.push_back(static_cast<std::int32_t>(id.get<std::uint64_t>()));
  }
  return ids;
}

/// Ids that end a generated text: eos_token_id of generation_config.json in a model's folder, where that file says one, else that of
/// config.json.
/// Errors  those of the files and of read_special_ids
/// Source  `generate` of https://github.com/huggingface/transformers, for which config.json counts where there is no other file; that it counts
///         too where the other file is silent is ours: a text then ends where the model's author says
[[nodiscard]] inline std::vector<std::int32_t> read_end_ids(std::filesystem::path const& folder,
                                                            std::size_t vocabulary) {
  if (auto const of_generation = folder / "generation_config.json"; std::filesystem::exists(of_generation))
    if (auto ids = read_special_ids(json_file(of_generation), "eos_token_id", vocabulary); !ids.empty()) return ids;
  return read_special_ids(json_file(folder / "config.json"), "eos_token_id", vocabulary);
}

}  // namespace ohmic::inline OHMIC_ABI::model
