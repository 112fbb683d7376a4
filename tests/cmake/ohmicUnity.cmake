# ohmic_unity(<target> <group> <size> <source>..): compiles the sources in groups of at most <size> as one translation unit each.
# The same templates are instantiated once a group instead of once a file, which is most of what these files cost to compile.
# What a file declares at file scope (names, using directives, macros) meets the files after it in its group, so that names have to
# differ within a folder. The dev presets compile file by file (OHMIC_UNITY=OFF), which also is what clang-tidy wants.
function(ohmic_unity target group size)
  if(NOT OHMIC_UNITY)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  set(i 0)
  foreach(source IN LISTS ARGN)
    math(EXPR k "${i} / ${size}")
    set_source_files_properties("${source}" PROPERTIES UNITY_GROUP "${group}_${k}")
    math(EXPR i "${i} + 1")
  endforeach()
endfunction()
