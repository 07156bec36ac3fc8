// Reports on the screen.
#pragma once

#include "cli/output.h"

namespace kiz::cli {

void render_month_report(Output& out, const Json& data);
void render_returns(Output& out, const Json& data);
void render_offer_report(Output& out, const Json& data);
void render_consent_report(Output& out, const Json& data);

/// What is known of each member: up to when, or not at all.
void render_stand(Output& out, const Json& data);

}  // namespace kiz::cli
