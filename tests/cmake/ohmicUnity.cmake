# ohmic_unity(<target> <group> <size> <source>..): compiles the sources in groups of at most <size> as one translation unit each.
# The same templates are instantiated once a group instead of once a file, which is most of what these files cost to compile.
# Names in anonymous namespaces have to differ within a folder. -DOHMIC_UNITY=OFF compiles file by file again, for development.
option(OHMIC_UNITY "Compile the program and the tests in groups of files" ON)
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
