# Optimising across files, once: all objects are merged into one, which the libraries are then linked
# from. Doing it at each link would cost the same time again for each library.
if(SLUICE_IPO AND NOT CMAKE_C_COMPILER_ID STREQUAL "GNU")
  message(STATUS "No optimising across files: that needs gcc")
  set(SLUICE_IPO OFF)
endif()

function(sluice_one_object objects out_object)
  string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
  separate_arguments(flags UNIX_COMMAND "${CMAKE_C_FLAGS} ${CMAKE_C_FLAGS_${type}} -fPIC -flto=auto")
  set(merged ${PROJECT_BINARY_DIR}/sluice.o)
  add_custom_command(
    OUTPUT ${merged}
    COMMAND ${CMAKE_C_COMPILER} ${flags} ${code_generation} -r -nostdlib -flinker-output=nolto-rel
            -o ${merged} $<TARGET_OBJECTS:${objects}>
    DEPENDS $<TARGET_OBJECTS:${objects}>
    COMMENT "Optimising across files"
    COMMAND_EXPAND_LISTS VERBATIM)
  target_compile_options(${objects} PRIVATE -flto=auto -fno-fat-lto-objects)
  set_source_files_properties(${merged} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
  set(${out_object} ${merged} PARENT_SCOPE)
endfunction()
