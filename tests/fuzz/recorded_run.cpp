// What `ohmic verify` reads of a result from elsewhere: refused with words, or a run that can be started again.
#include "command_words.hpp"
#include "harness.hpp"
#include "verify_record.hpp"

OHMIC_FUZZ(recorded_run) {
  using namespace ohmic_fuzz;
  static input_folder const folder;
  auto const file = folder.write("result.json", text_of(data, size));
  accepts([&] {
    auto const r = program_cli::read_recorded(file.string());
    if (r.words.empty() || r.words.front() == "verify") finding("a run that verifies itself");
    for (auto const& word : r.words)
      if (word.find('\0') != word.npos) finding("a word that no command line can hold");
    for (auto const& o : program_cli::outputs_of(r.words))
      if (o.at >= r.words.size() || r.words[o.at] != o.value || !program_cli::names_output(r.words[o.at - 1]))
        finding("an output that is none of the words");
    if (program_cli::as_taken(r.words) != r.words) finding("words that are taken in another way the next time");
    auto again = r.result;
    again["run"]["arguments"] = r.words;
    if (program_cli::read_recorded(
            folder.write("again.json", again.dump(-1, ' ', false, program_cli::json::error_handler_t::replace))
                .string())
            .words != r.words)
      finding("a run changes when it is kept");
  });
}
