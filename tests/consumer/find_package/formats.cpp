// Compiles and links what ohmic::formats promises: the library, nlohmann-json and utf8proc.
#include <utf8proc.h>

#include <nlohmann/json.hpp>

#include "ohmic/core/config.hpp"

int main() { return nlohmann::json(utf8proc_version()).is_string() && OHMIC_VERSION > 0 ? 0 : 1; }
