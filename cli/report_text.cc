#include "cli/report_text.h"

#include "cli/record_text.h"
#include "cli/text.h"
#include "libclient/translate.h"

namespace kiz::cli {

void render_month_report(Output&, const Json&) {}
void render_returns(Output&, const Json&) {}
void render_offer_report(Output&, const Json&) {}
void render_consent_report(Output&, const Json&) {}
void render_stand(Output&, const Json&) {}

}  // namespace kiz::cli
