// The SQLite file of a sweep from elsewhere: refused with words, or rows that can be read, merged and summed up.
#include "sweep_store.hpp"

#include <cmath>

#include "harness.hpp"
#include "sweep_summary.hpp"

OHMIC_FUZZ(sweep_store) {
  using namespace ohmic_fuzz;
  static input_folder const folder;
  auto const file = folder.write("sweep.sqlite", text_of(data, size)).string();
  for (char const* beside : {"sweep.sqlite-wal", "sweep.sqlite-shm", "sweep.sqlite-journal", "all.sqlite",
                             "all.sqlite-wal", "all.sqlite-shm"})
    folder.remove(beside);
  accepts([&] {
    program_cli::sweep_store const store(file);
    std::size_t rows = 0;
    store.for_each([&](program_cli::sweep_row const& r) {
      if (r.values.size() != store.keys().size() || r.metrics.size() != store.metrics().size())
        finding("a row of another width");
      for (double const v : r.metrics)
        if (std::isinf(v)) finding("a metric that beats all others");
      ++rows;
    });
    static_cast<void>(store.present(100, true));
    static_cast<void>(store.kept("objectives"));
    accepts([&] {
      auto const summary = program_cli::summary_of(store);
      if (summary["points"]["done"].get<std::size_t>() + summary["points"]["failed"].get<std::size_t>() != rows)
        finding("rows that are not counted");
      static_cast<void>(summary.dump(-1, ' ', false, program_cli::json::error_handler_t::replace));
    });
    accepts([&] { static_cast<void>(program_cli::csv_of(store) + program_cli::jsonl_of(store)); });
    accepts([&] {
      program_cli::sweep_store all((folder.path() / "all.sqlite").string(), store.identity(), store.keys(),
                                   store.metrics());
      all.merge(store);
    });
  });
}
