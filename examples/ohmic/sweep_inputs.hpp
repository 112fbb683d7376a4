// What a sweep is made from: its spec, and the content of every file that its points read.
#pragma once

#include <string>

#include "json_output.hpp"
#include "sweep_spec.hpp"

namespace program_cli {

/// The identity of a spec with a digest of the files behind it: of the model, the texts, the calibration, tables that settings name, and
/// the plugins that are loaded (by the names of their files, wherever they lie). Where a folder is named, of what a model is read from,
/// and not of `output`, which may lie there.
/// Errors  file_missing, no_resource
json sweep_identity(sweep_spec const& spec, std::string const& output);

}  // namespace program_cli
