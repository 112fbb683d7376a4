// Never built: stands for a user's source, so that CMake can be asked for a user's include paths.
#include "ohmic/core/config.hpp"
