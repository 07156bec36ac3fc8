# The bill of materials of this build, CycloneDX 1.6: ${CMAKE_BINARY_DIR}/share/kiz-sync/kiz-sync.cdx.json, installed with
# the programs. Made with every release build, elsewhere by `--target sbom`; it asks dpkg, so it is Debian's alone.
find_program(KIZ_DPKG_QUERY dpkg-query)
find_program(KIZ_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)
if(KIZ_DPKG_QUERY AND KIZ_PYTHON AND TARGET kiz AND TARGET kizd)
  set(KIZ_SBOM ${CMAKE_BINARY_DIR}/share/kiz-sync/kiz-sync.cdx.json)
  add_custom_command(OUTPUT ${KIZ_SBOM}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/share/kiz-sync
    COMMAND ${KIZ_PYTHON} -B ${PROJECT_SOURCE_DIR}/packaging/sbom.py --version ${PROJECT_VERSION} --output ${KIZ_SBOM}
      $<TARGET_FILE:kiz> $<TARGET_FILE:kizd>
    DEPENDS kiz kizd ${PROJECT_SOURCE_DIR}/packaging/sbom.py
    COMMENT "bill of materials" VERBATIM)
  if(CMAKE_BUILD_TYPE MATCHES "^(Release|MinSizeRel|None)?$")  # None: as Debian builds packages
    add_custom_target(sbom ALL DEPENDS ${KIZ_SBOM})
    install(FILES ${KIZ_SBOM} DESTINATION share/kiz-sync)
  else()
    add_custom_target(sbom DEPENDS ${KIZ_SBOM})
  endif()
endif()
