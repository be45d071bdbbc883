# The libraries that Sluice stands on, by pkg-config.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

set(SLUICE_REQUIRES openssl libnghttp2 libcares zlib libbrotlidec libzstd libidn2 libpsl)
pkg_check_modules(SLUICE_DEPS REQUIRED IMPORTED_TARGET GLOBAL ${SLUICE_REQUIRES})

add_library(sluice_dependencies INTERFACE)
target_link_libraries(sluice_dependencies INTERFACE
  sluice_flags PkgConfig::SLUICE_DEPS Threads::Threads)
