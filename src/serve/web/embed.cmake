# Writes OUT, a C++ source that defines `kWelcomeHtml` with the content of IN. A literal must stay below the 64 KiB that
# every compiler takes.
file(READ "${IN}" HTML)
string(LENGTH "${HTML}" SIZE)
if(SIZE GREATER 60000)
  message(FATAL_ERROR "${IN} has ${SIZE} octets: too many for one string literal")
endif()
file(WRITE "${OUT}" "#include \"serve/web/welcome_service.h\"

namespace transom::serve {

const std::string_view kWelcomeHtml = R\"transom_page(${HTML})transom_page\";

}  // namespace transom::serve
")
