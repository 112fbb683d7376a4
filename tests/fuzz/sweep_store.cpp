// The SQLite file of a sweep from elsewhere: refused with words, or rows that can be read and merged.
#include "sweep_store.hpp"

#include "harness.hpp"

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
      ++rows;
    });
    static_cast<void>(store.present(100, true));
    static_cast<void>(store.kept("objectives"));
    accepts([&] {
      program_cli::sweep_store all((folder.path() / "all.sqlite").string(), store.identity(), store.keys(),
                                   store.metrics());
      all.merge(store);
    });
  });
}
