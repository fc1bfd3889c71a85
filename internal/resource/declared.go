package resource

import "slices"

// Declared returns every resource of Dossier: those with a schema in the Sage
// Sales Management API v4, the tables that these refer to, and the cases and port
// orders that other dialects work on. Field names are
// the names of GET answers; where the vendor's schema spells one differently, the
// sage dialect says so.
//
// Required is what the documents mark as required on POST, or the schema where
// the documents mark nothing. Where both do and differ, it is what they agree on:
// clients build their requests from either, and a stand-in that refuses what one
// of them allows breaks a client that works.
func Declared() []Resource {
	return slices.Concat(declaredAccounts(), declaredSales(), declaredProducts(), declaredActivities(), declaredCampaigns(), declaredDocuments(),
		declaredForms(), declaredCases(), declaredPortOrders(), declaredSystem())
}
