# `make install`: libraries, command, headers, pkg-config and CMake package files, manual pages, guides
# and examples. The package files find everything relative to themselves, so the prefix is free until install time.
include(CMakePackageConfigHelpers)

# What the library says of itself in curl_version_info(); the install test compares.
set(SLUICE_PROTOCOLS "DICT FILE FTP FTPS GOPHER GOPHERS HTTP HTTPS IMAP IMAPS LDAP LDAPS MQTT MQTTS POP3 POP3S RTSP SCP SFTP TELNET TFTP WS WSS")
set(SLUICE_FEATURES
  "AsynchDNS GSS-API HSTS HTTP2 HTTPS-proxy IDN IPv6 Kerberos Largefile NTLM PSL SPNEGO SSL SSLS-EXPORT UnixSockets alt-svc brotli libz threadsafe zstd")

set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Sluice)
file(RELATIVE_PATH up_from_pkgconfig /${pkgconfig_dir} /)
string(REGEX REPLACE "/$" "" up_from_pkgconfig ${up_from_pkgconfig})
list(TRANSFORM SLUICE_DEPS_LIBRARIES PREPEND -l OUTPUT_VARIABLE libs_private)
list(JOIN libs_private " " libs_private)

foreach(name IN ITEMS libcurl sluice)
  configure_file(cmake/${name}.pc.in ${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${pkgconfig_dir})
endforeach()

configure_package_config_file(cmake/SluiceConfig.cmake.in SluiceConfig.cmake
  INSTALL_DESTINATION ${package_dir}
  PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(SluiceConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/SluiceConfig.cmake ${PROJECT_BINARY_DIR}/SluiceConfigVersion.cmake
  DESTINATION ${package_dir})

install(TARGETS curl curl_gnutls sluice sluice_static)
if(TARGET sluice_command)
  install(TARGETS sluice_command)
endif()
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")

foreach(section IN ITEMS 1 3)
  file(GLOB pages CONFIGURE_DEPENDS docs/*.${section})
  if(pages)
    install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
  endif()
endforeach()

# The language of policies, the guides, and what they speak of.
file(GLOB guides CONFIGURE_DEPENDS docs/*.md docs/*.svg)
install(FILES ${guides} DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.c" PATTERN "*.py" PATTERN "*.php")
