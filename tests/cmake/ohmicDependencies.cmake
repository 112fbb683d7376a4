# How ohmic finds what it builds on. Used by its own build and, installed, by ohmicConfig.cmake: written once.

# Headers that every user needs. `mode` is REQUIRED or QUIET.
macro(ohmic_find_dependencies mode)
  # First xtl: Debian's xsimd target links a bare "xtl" that its own package file never looks for.
  find_package(xtl ${mode})
  find_package(xsimd ${mode})
  find_package(xtensor ${mode})
  find_package(Boost 1.75 ${mode})
  find_package(Threads ${mode})
endmacro()

# JSON and Unicode for the headers under model/import and model/text. Debian's utf8proc has no CMake package.
macro(ohmic_find_format_dependencies mode)
  find_package(nlohmann_json ${mode})
  if(NOT TARGET ohmic::utf8proc)
    find_package(utf8proc CONFIG QUIET)
    if(TARGET utf8proc::utf8proc)
      add_library(ohmic::utf8proc INTERFACE IMPORTED GLOBAL)
      set_target_properties(ohmic::utf8proc PROPERTIES INTERFACE_LINK_LIBRARIES utf8proc::utf8proc)
    else()
      find_path(OHMIC_UTF8PROC_INCLUDE_DIR utf8proc.h)
      find_library(OHMIC_UTF8PROC_LIBRARY utf8proc)
      mark_as_advanced(OHMIC_UTF8PROC_INCLUDE_DIR OHMIC_UTF8PROC_LIBRARY)
      if(OHMIC_UTF8PROC_INCLUDE_DIR AND OHMIC_UTF8PROC_LIBRARY)
        add_library(ohmic::utf8proc UNKNOWN IMPORTED GLOBAL)
        set_target_properties(ohmic::utf8proc PROPERTIES
          IMPORTED_LOCATION "${OHMIC_UTF8PROC_LIBRARY}"
          INTERFACE_INCLUDE_DIRECTORIES "${OHMIC_UTF8PROC_INCLUDE_DIR}")
      endif()
    endif()
  endif()
endmacro()
