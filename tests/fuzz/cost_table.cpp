// Price books in TOML and CSV as the plugin cost_table reads them; and parameters of plugins.
#define ohmic_plugin_entry_v1 cost_table_entry
#include "../../plugins/cost_table/cost_table.cpp"
#undef ohmic_plugin_entry_v1
#include "harness.hpp"

OHMIC_FUZZ(cost_table) {
  using namespace ohmic_fuzz;
  static input_folder const folder;
  auto const parts = parts_of(text_of(data, size), 2);
  auto const toml = folder.write("book.toml", parts[0]), csv = folder.write("book.csv", parts[0]);
  for (auto const& file : {toml, csv}) accepts([&] { static_cast<void>(table_reader::open("file=" + file.string())); });
  // Only refusals: a file that is named here could be any.
  auto const parameters = std::string(parts[1]);
  accepts([&] { static_cast<void>(ohmic::plugin::parameters_of<table_parameters>(parameters)); });
}
