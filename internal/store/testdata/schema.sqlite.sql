CREATE TABLE IF NOT EXISTS "_meta" (
  "one" INTEGER NOT NULL PRIMARY KEY CHECK ("one" = 1),
  "generation" INTEGER NOT NULL,
  "fingerprint" TEXT NOT NULL,
  "migration" INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS "_changes" (
  "sequence" INTEGER PRIMARY KEY,
  "time" INTEGER NOT NULL,
  "user" INTEGER NOT NULL,
  "credential" TEXT NOT NULL,
  "dialect" TEXT NOT NULL,
  "request" TEXT NOT NULL,
  "resource" TEXT NOT NULL,
  "record" INTEGER NOT NULL,
  "kind" INTEGER NOT NULL,
  "fields" TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS "_milestones" (
  "resource" TEXT NOT NULL,
  "before" INTEGER NOT NULL,
  "id" INTEGER NOT NULL,
  PRIMARY KEY ("resource", "before")
) WITHOUT ROWID, STRICT;
CREATE INDEX IF NOT EXISTS "_changes_cases" ON "_changes" ("record") WHERE "resource" = 'cases';
CREATE TABLE IF NOT EXISTS "_outbox" (
  "one" INTEGER NOT NULL PRIMARY KEY CHECK ("one" = 1),
  "after" INTEGER NOT NULL,
  "node" TEXT NOT NULL,
  "until" INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS "_deliveries" (
  "hook" INTEGER NOT NULL,
  "sequence" INTEGER NOT NULL,
  "resource" TEXT NOT NULL,
  "record" INTEGER NOT NULL,
  "state" INTEGER NOT NULL,
  "queued" INTEGER NOT NULL,
  "next" INTEGER NOT NULL,
  "first" INTEGER NOT NULL,
  "attempts" INTEGER NOT NULL,
  "status" INTEGER NOT NULL,
  "failure" TEXT NOT NULL,
  PRIMARY KEY ("hook", "sequence")
) STRICT;
CREATE INDEX IF NOT EXISTS "_deliveries_due" ON "_deliveries" ("hook", "next", "sequence") WHERE "state" = 0;
CREATE INDEX IF NOT EXISTS "_deliveries_parked" ON "_deliveries" ("next") WHERE "state" = 2;
CREATE INDEX IF NOT EXISTS "_deliveries_record" ON "_deliveries" ("hook", "resource", "record", "sequence") WHERE "state" < 2;
CREATE INDEX IF NOT EXISTS "_changes_hooks" ON "_changes" ("record") WHERE "resource" = 'hooks';

CREATE TABLE "accounts" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "permissionLevel" INTEGER,
  "branchId" INTEGER REFERENCES "branches" ("id"),
  "public" INTEGER,
  "salesRepId1" INTEGER REFERENCES "users" ("id"),
  "salesRepId2" INTEGER REFERENCES "users" ("id"),
  "salesRepId3" INTEGER REFERENCES "users" ("id"),
  "salesRepId4" INTEGER REFERENCES "users" ("id"),
  "salesRepId5" INTEGER REFERENCES "users" ("id"),
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "address1" TEXT,
  "address2" TEXT,
  "city" TEXT,
  "comment" TEXT,
  "countryId" INTEGER REFERENCES "countries" ("id"),
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateGeocoded" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "email" TEXT,
  "extId" TEXT,
  "fax" TEXT,
  "geocoded" INTEGER,
  "geocodingAccuracy" INTEGER,
  "latitude" INTEGER,
  "longitude" INTEGER,
  "marketingCommunications" INTEGER,
  "name" TEXT,
  "phone" TEXT,
  "phone2" TEXT,
  "phone2Tail" INTEGER,
  "phone3" TEXT,
  "phone3Tail" INTEGER,
  "phoneTail" INTEGER,
  "postcode" TEXT,
  "rateId" INTEGER REFERENCES "rates" ("id"),
  "readOnly" INTEGER,
  "region" TEXT,
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "segmentId" INTEGER REFERENCES "accountSegments" ("id"),
  "statusId" INTEGER REFERENCES "accountStatuses" ("id"),
  "typeId" INTEGER REFERENCES "accountTypes" ("id"),
  "vatNumber" TEXT,
  "website" TEXT,
  "email_key" TEXT,
  "extId_key" TEXT,
  "name_key" TEXT,
  "phone_key" TEXT,
  "phone2_key" TEXT,
  "phone3_key" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "accountAddresses" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "accountId" INTEGER REFERENCES "accounts" ("id"),
  "address1" TEXT,
  "address2" TEXT,
  "city" TEXT,
  "countryId" INTEGER REFERENCES "countries" ("id"),
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "description" TEXT,
  "postcode" TEXT,
  "region" TEXT,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "_extra" TEXT
) STRICT;

CREATE TABLE "accountsRelated" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "accountOneId" INTEGER REFERENCES "accounts" ("id"),
  "accountTwoId" INTEGER REFERENCES "accounts" ("id"),
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "relationId" INTEGER REFERENCES "accountsRelations" ("id"),
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "_extra" TEXT
) STRICT;

CREATE TABLE "accountsRelations" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionES" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "reverseDescriptionBR" TEXT,
  "reverseDescriptionDE" TEXT,
  "reverseDescriptionDK" TEXT,
  "reverseDescriptionEN" TEXT,
  "reverseDescriptionES" TEXT,
  "reverseDescriptionFR" TEXT,
  "reverseDescriptionIT" TEXT,
  "reverseDescriptionPT" TEXT,
  "reverseDescriptionRU" TEXT,
  "reverseDescriptionUS" TEXT,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "_extra" TEXT
) STRICT;

CREATE TABLE "accountSegments" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "branchVisibility" TEXT,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionES" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "order" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "visitCycle" INTEGER,
  "_extra" TEXT
) STRICT;

CREATE TABLE "accountStatuses" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "branchVisibility" TEXT,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionES" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "lost" INTEGER,
  "order" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "won" INTEGER,
  "_extra" TEXT
) STRICT;

CREATE TABLE "accountTypes" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "branchVisibility" TEXT,
  "computeSfm" INTEGER,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionES" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "internal" INTEGER,
  "order" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "_extra" TEXT
) STRICT;

CREATE TABLE "contacts" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "permissionLevel" INTEGER,
  "salesRepId" INTEGER REFERENCES "users" ("id"),
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "UseCompanyAddress" INTEGER,
  "accountId" INTEGER REFERENCES "accounts" ("id"),
  "address1" TEXT,
  "birthday" INTEGER,
  "city" TEXT,
  "comment" TEXT,
  "countryId" INTEGER REFERENCES "countries" ("id"),
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "email" TEXT,
  "email2" TEXT,
  "email3" TEXT,
  "extId" TEXT,
  "fax" TEXT,
  "firstName" TEXT,
  "gender" INTEGER REFERENCES "genre" ("id"),
  "lastName" TEXT,
  "linkedin" TEXT,
  "marketingCommunications" INTEGER,
  "phone1" TEXT,
  "phone1Tail" INTEGER,
  "phone2" TEXT,
  "phone2Tail" INTEGER,
  "postcode" TEXT,
  "readOnly" INTEGER,
  "region" TEXT,
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "skype" TEXT,
  "typeId" INTEGER REFERENCES "contactTypes" ("id"),
  "email_key" TEXT,
  "email2_key" TEXT,
  "email3_key" TEXT,
  "extId_key" TEXT,
  "firstName_key" TEXT,
  "lastName_key" TEXT,
  "phone1_key" TEXT,
  "phone2_key" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "contactTypes" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "branchVisibility" TEXT,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionES" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "order" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "_extra" TEXT
) STRICT;

CREATE TABLE "contactsEntities" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "contactId" INTEGER REFERENCES "contacts" ("id"),
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "entity" TEXT,
  "entityId" INTEGER,
  "entityTypeId" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "_extra" TEXT
) STRICT;

CREATE TABLE "entityOwners" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "entity" TEXT,
  "entityId" INTEGER,
  "entityTypeId" INTEGER,
  "salesRepId" INTEGER REFERENCES "users" ("id"),
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "salesRepOrder" INTEGER,
  "_extra" TEXT
) STRICT;

CREATE TABLE "opportunities" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "permissionLevel" INTEGER,
  "branchId" INTEGER REFERENCES "branches" ("id"),
  "salesRepId" INTEGER REFERENCES "users" ("id"),
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "accountId1" INTEGER REFERENCES "accounts" ("id"),
  "accountId2" INTEGER REFERENCES "accounts" ("id"),
  "accountId3" INTEGER REFERENCES "accounts" ("id"),
  "address1" TEXT,
  "address2" TEXT,
  "city" TEXT,
  "closedDate" INTEGER,
  "comments" TEXT,
  "countryId" INTEGER REFERENCES "countries" ("id"),
  "currencyId" INTEGER REFERENCES "currencies" ("id"),
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateGeocoded" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "extId" TEXT,
  "geocoded" INTEGER,
  "geocodingAccuracy" INTEGER,
  "latitude" INTEGER,
  "longitude" INTEGER,
  "lostDate" INTEGER,
  "postcode" TEXT,
  "readOnly" INTEGER,
  "reference" TEXT,
  "region" TEXT,
  "salesForecastDate" INTEGER,
  "salesProbability" INTEGER,
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "statusId" INTEGER REFERENCES "opportunityStatuses" ("id"),
  "total" INTEGER,
  "transNumber" TEXT,
  "type_id" INTEGER REFERENCES "opportunityTypes" ("id"),
  "wonDate" INTEGER,
  "extId_key" TEXT,
  "reference_key" TEXT,
  "transNumber_key" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "opportunityStatuses" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "branchVisibility" TEXT,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionES" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "endStatus" INTEGER,
  "idParent" INTEGER,
  "order" INTEGER,
  "salesProbability" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "won" INTEGER,
  "_extra" TEXT
) STRICT;

CREATE TABLE "opportunityTypes" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "branchVisibility" TEXT,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "defaultStatus" INTEGER REFERENCES "opportunityStatuses" ("id"),
  "deleted" INTEGER,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionES" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "order" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "_extra" TEXT
) STRICT;

CREATE TABLE "salesorders" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "branchId" INTEGER REFERENCES "branches" ("id"),
  "salesRepId" INTEGER REFERENCES "users" ("id"),
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "accountAddressId" INTEGER REFERENCES "accountAddresses" ("id"),
  "accountId" INTEGER REFERENCES "accounts" ("id"),
  "archived" INTEGER,
  "blocked" INTEGER,
  "closedDate" INTEGER,
  "comment" TEXT,
  "contactId" INTEGER REFERENCES "contacts" ("id"),
  "currencyId" INTEGER REFERENCES "currencies" ("id"),
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "discount1" INTEGER,
  "discount2" INTEGER,
  "discount3" INTEGER,
  "discount4" INTEGER,
  "extId" TEXT,
  "internalComment" TEXT,
  "internalCommentUpdateDate" INTEGER,
  "internalCommentUpdateSalesRepId" INTEGER REFERENCES "users" ("id"),
  "mainSalesorder" INTEGER,
  "number" INTEGER,
  "opportunityId" INTEGER REFERENCES "opportunities" ("id"),
  "rateId" INTEGER REFERENCES "rates" ("id"),
  "readOnly" INTEGER,
  "reference" TEXT,
  "salesForcecastDate" INTEGER,
  "salesOrderType" INTEGER REFERENCES "orderTypes" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "statusId" INTEGER REFERENCES "salesorderStatuses" ("id"),
  "total" INTEGER,
  "year" INTEGER,
  "extId_key" TEXT,
  "reference_key" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "salesordersLines" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "description" TEXT,
  "discount1" INTEGER,
  "discount2" INTEGER,
  "discount3" INTEGER,
  "discount4" INTEGER,
  "order" INTEGER,
  "price" INTEGER,
  "productId" INTEGER REFERENCES "products" ("id"),
  "quantity" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "salesorderId" INTEGER REFERENCES "salesorders" ("id"),
  "total" INTEGER,
  "_extra" TEXT
) STRICT;

CREATE TABLE "salesorderStatuses" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "branchVisibility" TEXT,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionES" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "lost" INTEGER,
  "order" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "won" INTEGER,
  "_extra" TEXT
) STRICT;

CREATE TABLE "orderTypes" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "branchVisibility" TEXT,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionES" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "lost" INTEGER,
  "order" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "won" INTEGER,
  "_extra" TEXT
) STRICT;

CREATE TABLE "sales" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "accountExtId" TEXT,
  "accountId" INTEGER REFERENCES "accounts" ("id"),
  "date" INTEGER,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "extId" TEXT,
  "salesRepExtId" TEXT,
  "salesRepId" INTEGER REFERENCES "users" ("id"),
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "total" INTEGER,
  "extId_key" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "products" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "permissionLevel" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "categoryId" INTEGER REFERENCES "productCategories" ("id"),
  "cost" INTEGER,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "description" TEXT,
  "extId" TEXT,
  "familyId" INTEGER REFERENCES "productFamilies" ("id"),
  "maxDiscount" INTEGER,
  "model" TEXT,
  "notAvailable" INTEGER,
  "price" INTEGER,
  "readOnly" INTEGER,
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "stock" INTEGER,
  "extId_key" TEXT,
  "model_key" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "productCategories" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "cLevel2" INTEGER REFERENCES "productFamilies" ("id"),
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionES" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "_extra" TEXT
) STRICT;

CREATE TABLE "productFamilies" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "branchRestriction" INTEGER,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionES" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "idParent" INTEGER REFERENCES "productFamilies" ("id"),
  "notAvailable" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "_extra" TEXT
) STRICT;

CREATE TABLE "productRates" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "costPrice" INTEGER,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "discount1" INTEGER,
  "discount2" INTEGER,
  "discount3" INTEGER,
  "discount4" INTEGER,
  "productId" INTEGER REFERENCES "products" ("id"),
  "rateId" INTEGER REFERENCES "rates" ("id"),
  "salePrice" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "tempBuyingPrice" INTEGER,
  "tempListedPrice" INTEGER,
  "_extra" TEXT
) STRICT;

CREATE TABLE "rates" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "Comments" TEXT,
  "branchId" INTEGER REFERENCES "branches" ("id"),
  "branchVisibility" TEXT,
  "currencyId" INTEGER REFERENCES "currencies" ("id"),
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionES" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "endDate" INTEGER,
  "extID" TEXT,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "startDate" INTEGER,
  "_extra" TEXT
) STRICT;

CREATE TABLE "activities" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "permissionLevel" INTEGER,
  "salesRepId" INTEGER REFERENCES "users" ("id"),
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "accountId" INTEGER REFERENCES "accounts" ("id"),
  "checkin" INTEGER,
  "checkinTypeId" INTEGER,
  "checkoutDate" INTEGER,
  "comment" TEXT,
  "contactId" INTEGER REFERENCES "contacts" ("id"),
  "date" INTEGER,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "extId" TEXT,
  "geocoded" INTEGER,
  "geocodingAccuracy" INTEGER,
  "latitude" INTEGER,
  "longitude" INTEGER,
  "opportunityId" INTEGER REFERENCES "opportunities" ("id"),
  "readOnly" INTEGER,
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "typeId" INTEGER REFERENCES "activityTypes" ("id"),
  "whatsappMessage" TEXT,
  "extId_key" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "activityTypes" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "automatic" INTEGER,
  "branchVisibility" TEXT,
  "checkin" INTEGER,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionES" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "fastCheckin" INTEGER,
  "general" INTEGER,
  "hide" INTEGER,
  "order" INTEGER,
  "phoneCall" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "system" INTEGER,
  "videoCall" INTEGER,
  "visibleInActivities" INTEGER,
  "visibleInAgendaActivities" INTEGER,
  "visit" INTEGER,
  "workflow" INTEGER,
  "_extra" TEXT
) STRICT;

CREATE TABLE "calendar" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "permissionLevel" INTEGER,
  "branchId" INTEGER REFERENCES "branches" ("id"),
  "salesRepId" INTEGER REFERENCES "users" ("id"),
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "accountId" INTEGER REFERENCES "accounts" ("id"),
  "allDay" INTEGER,
  "comment" TEXT,
  "completed" INTEGER,
  "contactId" INTEGER REFERENCES "contacts" ("id"),
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "endDate" INTEGER,
  "endHour" TEXT,
  "extId" TEXT,
  "opportunityId" INTEGER REFERENCES "opportunities" ("id"),
  "readOnly" INTEGER,
  "reminder" INTEGER,
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "sendNotification" INTEGER,
  "startDate" INTEGER,
  "startHour" TEXT,
  "subject" TEXT,
  "task" INTEGER,
  "typeId" INTEGER REFERENCES "activityTypes" ("id"),
  "videoCallMeetingDetails" TEXT,
  "videoCallProviderId" INTEGER REFERENCES "videoCallProviders" ("id"),
  "extId_key" TEXT,
  "subject_key" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "calls" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "accountId" INTEGER REFERENCES "accounts" ("id"),
  "contactId" INTEGER REFERENCES "contacts" ("id"),
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "description" TEXT,
  "duration" INTEGER,
  "endDate" INTEGER,
  "opportunityId" INTEGER REFERENCES "opportunities" ("id"),
  "phone" TEXT,
  "phoneAlias" TEXT,
  "salesRepId" INTEGER REFERENCES "users" ("id"),
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "startDate" INTEGER,
  "terminalType" INTEGER,
  "timeZoneId" INTEGER REFERENCES "timeZones" ("id"),
  "type" INTEGER,
  "phone_key" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "emails" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "accountId" INTEGER REFERENCES "accounts" ("id"),
  "attachments" TEXT,
  "body" TEXT,
  "contactId" INTEGER REFERENCES "contacts" ("id"),
  "date" INTEGER,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "emailFrom" TEXT,
  "emailTo" TEXT,
  "extId" TEXT,
  "mailFolder" TEXT,
  "opportunityId" INTEGER REFERENCES "opportunities" ("id"),
  "originEmailId" TEXT,
  "salesRepId" INTEGER REFERENCES "users" ("id"),
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "subject" TEXT,
  "type" INTEGER,
  "emailFrom_key" TEXT,
  "emailTo_key" TEXT,
  "extId_key" TEXT,
  "subject_key" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "news" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "descriptionText" TEXT,
  "endDate" INTEGER,
  "idIanaZone" TEXT,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "startDate" INTEGER,
  "status" INTEGER,
  "subject" TEXT,
  "totalUsers" INTEGER,
  "_extra" TEXT
) STRICT;

CREATE TABLE "videoCallProviders" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionES" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "_extra" TEXT
) STRICT;

CREATE TABLE "campaigns" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "address2" TEXT,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "description" TEXT,
  "endDate" INTEGER,
  "ownerId" INTEGER REFERENCES "users" ("id"),
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "startDate" INTEGER,
  "statusId" INTEGER REFERENCES "campaignStatuses" ("id"),
  "title" TEXT,
  "typeId" INTEGER REFERENCES "campaignTypes" ("id"),
  "videoUrl" TEXT,
  "title_key" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "campaignEntities" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "accountId" INTEGER REFERENCES "accounts" ("id"),
  "activityId" INTEGER REFERENCES "activities" ("id"),
  "campaignId" INTEGER REFERENCES "campaigns" ("id"),
  "completed" INTEGER,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "_extra" TEXT
) STRICT;

CREATE TABLE "campaignQuestions" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "campaignId" INTEGER REFERENCES "campaigns" ("id"),
  "custom" INTEGER,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "linkedEntity" TEXT,
  "linkedEntityField" TEXT,
  "mandatory" INTEGER,
  "order" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "textBR" TEXT,
  "textDE" TEXT,
  "textDK" TEXT,
  "textEN" TEXT,
  "textES" TEXT,
  "textFR" TEXT,
  "textIT" TEXT,
  "textPT" TEXT,
  "textRU" TEXT,
  "textUS" TEXT,
  "type" TEXT,
  "valueListName" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "campaignQuestionValues" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "questionId" INTEGER REFERENCES "campaignQuestions" ("id"),
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "textBR" TEXT,
  "textDE" TEXT,
  "textDK" TEXT,
  "textEN" TEXT,
  "textES" TEXT,
  "textFR" TEXT,
  "textIT" TEXT,
  "textPT" TEXT,
  "textRU" TEXT,
  "textUS" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "campaignQuestionAnswers" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "activityId" INTEGER REFERENCES "activities" ("id"),
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "questionId" INTEGER REFERENCES "campaignQuestions" ("id"),
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "value" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "campaignStatuses" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionES" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "_extra" TEXT
) STRICT;

CREATE TABLE "campaignTypes" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionES" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "_extra" TEXT
) STRICT;

CREATE TABLE "documents" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "level" INTEGER,
  "userId" INTEGER REFERENCES "users" ("id"),
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "accountId" INTEGER REFERENCES "accounts" ("id"),
  "activityId" INTEGER REFERENCES "activities" ("id"),
  "billboardId" INTEGER,
  "campaignId" INTEGER REFERENCES "campaigns" ("id"),
  "carrousel" INTEGER,
  "caseId" INTEGER REFERENCES "cases" ("id"),
  "comment" TEXT,
  "contactId" INTEGER REFERENCES "contacts" ("id"),
  "contentType" TEXT,
  "credential" TEXT,
  "damageImage" INTEGER,
  "damageNotificationId" INTEGER REFERENCES "damageNotifications" ("id"),
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "description" TEXT,
  "dialect" TEXT,
  "expiresAt" INTEGER,
  "extId" TEXT,
  "extension" TEXT,
  "folderId" INTEGER REFERENCES "folders" ("id"),
  "formId" INTEGER,
  "hash" TEXT,
  "key" TEXT,
  "misnamed" INTEGER,
  "name" TEXT,
  "opportunityId" INTEGER REFERENCES "opportunities" ("id"),
  "portOrderId" INTEGER REFERENCES "portorders" ("id"),
  "productId" INTEGER REFERENCES "products" ("id"),
  "quoteId" INTEGER,
  "restricted" INTEGER,
  "salesOrderId" INTEGER REFERENCES "salesorders" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "scan" TEXT,
  "size" INTEGER,
  "source" TEXT,
  "state" TEXT,
  "uploadedAt" INTEGER,
  "extId_key" TEXT,
  "hash_key" TEXT,
  "name_key" TEXT,
  "state_key" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "folders" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "level" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "entity" TEXT,
  "entityId" INTEGER,
  "folderId" INTEGER REFERENCES "folders" ("id"),
  "name" TEXT,
  "restrictSucursales" INTEGER,
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "name_key" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "formStates" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "blnEndState" INTEGER,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "description" TEXT,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "idParent" INTEGER REFERENCES "formStates" ("id"),
  "intOrder" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "strIdEnvironment" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "formTemplates" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "active" INTEGER,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "description" TEXT,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "extraFields" TEXT,
  "guid" TEXT,
  "idRole" INTEGER REFERENCES "roles" ("id"),
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "type" INTEGER,
  "typeDescription" TEXT,
  "url" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "forms" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "detail" TEXT,
  "formTemplateId" INTEGER REFERENCES "formTemplates" ("id"),
  "jsonData" TEXT,
  "list" TEXT,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "statusId" INTEGER REFERENCES "formStates" ("id"),
  "_extra" TEXT
) STRICT;

CREATE TABLE "cases" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "permissionLevel" INTEGER,
  "branchId" INTEGER REFERENCES "branches" ("id"),
  "ownerId" INTEGER REFERENCES "users" ("id"),
  "responsibleId" INTEGER REFERENCES "users" ("id"),
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "accountId" INTEGER REFERENCES "accounts" ("id"),
  "closedDate" INTEGER,
  "contactId" INTEGER REFERENCES "contacts" ("id"),
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "description" TEXT,
  "extId" TEXT,
  "form" TEXT,
  "guid" TEXT,
  "insuranceCompanyAlias" TEXT,
  "number" TEXT,
  "openedDate" INTEGER,
  "policyNumber" TEXT,
  "prefix" TEXT,
  "priority" TEXT,
  "readOnly" INTEGER,
  "reopened" INTEGER,
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "solution" TEXT,
  "statusId" INTEGER REFERENCES "caseStatuses" ("id"),
  "typeId" INTEGER REFERENCES "caseTypes" ("id"),
  "wolkvoxId" TEXT,
  "extId_key" TEXT,
  "guid_key" TEXT,
  "insuranceCompanyAlias_key" TEXT,
  "number_key" TEXT,
  "policyNumber_key" TEXT,
  "wolkvoxId_key" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "caseTypes" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "branchVisibility" TEXT,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionES" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "order" INTEGER,
  "prefix" TEXT,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "_extra" TEXT
) STRICT;

CREATE TABLE "casePriorities" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "branchVisibility" TEXT,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionES" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "order" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "_extra" TEXT
) STRICT;

CREATE TABLE "caseStatuses" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "branchVisibility" TEXT,
  "caseTypes" TEXT,
  "closed" INTEGER,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionES" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "order" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "_extra" TEXT
) STRICT;

CREATE TABLE "damageNotifications" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "permissionLevel" INTEGER,
  "branchId" INTEGER REFERENCES "branches" ("id"),
  "ownerId" INTEGER REFERENCES "users" ("id"),
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "accidentDate" INTEGER,
  "accountId" INTEGER REFERENCES "accounts" ("id"),
  "caseId" INTEGER REFERENCES "cases" ("id"),
  "contactId" INTEGER REFERENCES "contacts" ("id"),
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "description" TEXT,
  "extId" TEXT,
  "guid" TEXT,
  "insuranceCompanyAlias" TEXT,
  "policyNumber" TEXT,
  "readOnly" INTEGER,
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "state" TEXT,
  "extId_key" TEXT,
  "guid_key" TEXT,
  "insuranceCompanyAlias_key" TEXT,
  "policyNumber_key" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "portorderGroups" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "permissionLevel" INTEGER,
  "ownerId" INTEGER REFERENCES "users" ("id"),
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "alias" TEXT,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "alias_key" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "portorders" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "permissionLevel" INTEGER,
  "branchId" INTEGER REFERENCES "branches" ("id"),
  "ownerId" INTEGER REFERENCES "users" ("id"),
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "accountId" INTEGER REFERENCES "accounts" ("id"),
  "alias" TEXT,
  "approved" INTEGER,
  "billingName" TEXT,
  "billingNumber" TEXT,
  "businessDocuments" TEXT,
  "city" TEXT,
  "company" TEXT,
  "completedDate" INTEGER,
  "cost" INTEGER,
  "country" TEXT,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "desiredCompletionDate" INTEGER,
  "enableCnamLookups" INTEGER,
  "groupId" INTEGER REFERENCES "portorderGroups" ("id"),
  "last4Ssn" TEXT,
  "loaCc" TEXT,
  "loaEmail" TEXT,
  "loaSignatureName" TEXT,
  "loaSignatureTitle" TEXT,
  "loaSignedAt" INTEGER,
  "pin" TEXT,
  "presetAlias" TEXT,
  "presetCnamId" TEXT,
  "presetE911Id" TEXT,
  "presetFailoverRouteId" TEXT,
  "presetPrimaryRouteId" TEXT,
  "provider" TEXT,
  "providerAccount" TEXT,
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "state" TEXT,
  "status" TEXT,
  "statusUpdatedAt" INTEGER,
  "statusUrl" TEXT,
  "street" TEXT,
  "street2" TEXT,
  "type" TEXT,
  "usageType" TEXT,
  "zip" TEXT,
  "alias_key" TEXT,
  "status_key" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "portorderNumbers" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "carrier" TEXT,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "number" TEXT,
  "portOrderId" INTEGER REFERENCES "portorders" ("id"),
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "number_key" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "portorderComments" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "author" TEXT,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "portOrderId" INTEGER REFERENCES "portorders" ("id"),
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "text" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "portorderHistory" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "attempts" INTEGER,
  "date" INTEGER,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "dueAt" INTEGER,
  "portOrderId" INTEGER REFERENCES "portorders" ("id"),
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "status" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "portorderFiles" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "contentType" TEXT,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "documentId" INTEGER REFERENCES "documents" ("id"),
  "dueAt" INTEGER,
  "error" TEXT,
  "expiresAt" INTEGER,
  "filename" TEXT,
  "originalUrl" TEXT,
  "portOrderId" INTEGER REFERENCES "portorders" ("id"),
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "source" TEXT,
  "status" TEXT,
  "storageKey" TEXT,
  "storageKey_key" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "users" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "billable" INTEGER,
  "branchRestriction" INTEGER,
  "branches" TEXT,
  "computeSfm" INTEGER,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "dbLanguage" TEXT,
  "deleted" INTEGER,
  "description" TEXT,
  "email" TEXT,
  "extId" TEXT,
  "idPrefix" INTEGER REFERENCES "countries" ("id"),
  "isActive" INTEGER,
  "lastName" TEXT,
  "lastPasswordChangeDate" INTEGER,
  "level" INTEGER,
  "locale" TEXT,
  "managerId" INTEGER REFERENCES "users" ("id"),
  "name" TEXT,
  "nic" TEXT,
  "phone" TEXT,
  "phoneExtension" TEXT,
  "phoneTail" INTEGER,
  "rateId" INTEGER REFERENCES "rates" ("id"),
  "roles" TEXT,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "sessionsEnded" INTEGER,
  "uiLanguage" TEXT,
  "userTypeId" INTEGER REFERENCES "userTypes" ("id"),
  "email_key" TEXT,
  "extId_key" TEXT,
  "lastName_key" TEXT,
  "name_key" TEXT,
  "nic_key" TEXT,
  "phone_key" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "userTypes" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "branchVisibility" TEXT,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionES" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "order" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "_extra" TEXT
) STRICT;

CREATE TABLE "roles" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "branches" TEXT,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "extId" TEXT,
  "level" INTEGER,
  "name" TEXT,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "name_key" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "branches" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "currencyId" INTEGER REFERENCES "currencies" ("id"),
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "default" INTEGER,
  "deleted" INTEGER,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionES" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "extId" TEXT,
  "imperialSystem" INTEGER,
  "mainEnvironment" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "timeZoneId" INTEGER REFERENCES "timeZones" ("id"),
  "_extra" TEXT
) STRICT;

CREATE TABLE "countries" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "descriptionBR" TEXT,
  "descriptionDK" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "descriptionde" TEXT,
  "descriptionen" TEXT,
  "descriptionfr" TEXT,
  "descriptionit" TEXT,
  "descriptionpt" TEXT,
  "iso2" TEXT,
  "iso3" TEXT,
  "isoNum" INTEGER,
  "phoneCode" TEXT,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "strName" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "currencies" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionES" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "isoCode" TEXT,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "symbol" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "timeZones" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionES" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "fullDescription" TEXT,
  "idIanaZone" TEXT,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "shortDescription" TEXT,
  "_extra" TEXT
) STRICT;

CREATE TABLE "genre" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionES" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "_extra" TEXT
) STRICT;

CREATE TABLE "activityPoints" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "IntervalDays" INTEGER,
  "PointsPerActivity" INTEGER,
  "PointsPerCheckin" INTEGER,
  "PointsPerEmail" INTEGER,
  "PointsPerFastCheckin" INTEGER,
  "PointsPerInternalEmail" INTEGER,
  "PointsPerInternalPhoneCallMinute" INTEGER,
  "PointsPerOpportunity" INTEGER,
  "PointsPerPhoneCallMinute" INTEGER,
  "PointsPerQuote" INTEGER,
  "PointsPerSalesOrder" INTEGER,
  "PointsPerVisit" INTEGER,
  "SalesInput" INTEGER,
  "ScoringPerEnvironment" INTEGER,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "_extra" TEXT
) STRICT;

CREATE TABLE "extrafields" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "branches" TEXT,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "defaultValue" TEXT,
  "deleted" INTEGER,
  "dependenceField" TEXT,
  "description" TEXT,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "dynamicField" TEXT,
  "dynamicFieldValues" TEXT,
  "entity" TEXT,
  "fieldName" TEXT,
  "fuzzySearch" INTEGER,
  "idsDynamism" INTEGER,
  "includeTime" INTEGER,
  "length" INTEGER,
  "mandatory" INTEGER,
  "mandatoryRestApi" INTEGER,
  "mobileVisibility" INTEGER,
  "multilanguage" INTEGER,
  "order" INTEGER,
  "readOnly" INTEGER,
  "restApi" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "searchable" INTEGER,
  "slot" TEXT,
  "tabId" INTEGER REFERENCES "extrafieldsTabs" ("id"),
  "type" TEXT,
  "valueListRelated" TEXT,
  "visibleInList" INTEGER,
  "visibleInPhoneCallForm" INTEGER,
  "webVisibility" INTEGER,
  "_extra" TEXT
) STRICT;

CREATE TABLE "extrafieldsTabs" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionES" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "entity" TEXT,
  "order" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "_extra" TEXT
) STRICT;

CREATE TABLE "hooks" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "level" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "action" TEXT,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "entity" TEXT,
  "name" TEXT,
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "secretKey" TEXT,
  "url" TEXT,
  "version" INTEGER,
  "_extra" TEXT
) STRICT;

CREATE TABLE "list" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "databaseName" TEXT,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "description" TEXT,
  "descriptionBR" TEXT,
  "descriptionDE" TEXT,
  "descriptionDK" TEXT,
  "descriptionEN" TEXT,
  "descriptionFR" TEXT,
  "descriptionIT" TEXT,
  "descriptionPT" TEXT,
  "descriptionRU" TEXT,
  "descriptionUS" TEXT,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "_extra" TEXT
) STRICT;

CREATE TABLE "listValues" (
  "id" INTEGER PRIMARY KEY,
  "_version" INTEGER NOT NULL DEFAULT 1,
  "branchVisibility" TEXT,
  "dateCreated" INTEGER,
  "dateDeleted" INTEGER,
  "dateUpdated" INTEGER,
  "deleted" INTEGER,
  "descripcion" TEXT,
  "descripcion_br" TEXT,
  "descripcion_de" TEXT,
  "descripcion_dk" TEXT,
  "descripcion_en" TEXT,
  "descripcion_fr" TEXT,
  "descripcion_it" TEXT,
  "descripcion_pt" TEXT,
  "descripcion_ru" TEXT,
  "descripcion_us" TEXT,
  "idParent" INTEGER,
  "listId" INTEGER REFERENCES "list" ("id"),
  "order" INTEGER,
  "salesRepIdCreated" INTEGER REFERENCES "users" ("id"),
  "salesRepIdDeleted" INTEGER REFERENCES "users" ("id"),
  "salesRepIdUpdated" INTEGER REFERENCES "users" ("id"),
  "_extra" TEXT
) STRICT;

-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "accounts_ids" ON "accounts" ("id", "_version", "dateUpdated", "permissionLevel", "branchId", "public", "salesRepId1", "salesRepId2", "salesRepId3", "salesRepId4", "salesRepId5", "salesRepIdCreated");
-- email = 'x', email LIKE 'x%', order=email
CREATE INDEX "accounts_email" ON "accounts" ("email_key");
-- extId = 'x', extId LIKE 'x%', order=extId
CREATE INDEX "accounts_extId" ON "accounts" ("extId_key");
-- name = 'x', name LIKE 'x%', order=name
CREATE INDEX "accounts_name" ON "accounts" ("name_key");
-- phone = 'x', phone LIKE 'x%', order=phone
CREATE INDEX "accounts_phone" ON "accounts" ("phone_key");
-- who has this telephone number: GET /calls/phone/…
CREATE INDEX "accounts_by_phoneTail" ON "accounts" ("phoneTail" DESC) WHERE "phoneTail" IS NOT NULL;
-- who has this telephone number: GET /calls/phone/…
CREATE INDEX "accounts_by_phone2Tail" ON "accounts" ("phone2Tail" DESC) WHERE "phone2Tail" IS NOT NULL;
-- who has this telephone number: GET /calls/phone/…
CREATE INDEX "accounts_by_phone3Tail" ON "accounts" ("phone3Tail" DESC) WHERE "phone3Tail" IS NOT NULL;
-- polling for changes: dateUpdated > t
CREATE INDEX "accounts_by_dateUpdated" ON "accounts" ("dateUpdated" DESC);
-- polling for new records: dateCreated > t, order=dateCreated
CREATE INDEX "accounts_by_dateCreated" ON "accounts" ("dateCreated" DESC);
-- the accounts of a status, latest first
CREATE INDEX "accounts_by_statusId_dateUpdated" ON "accounts" ("statusId", "dateUpdated" DESC);
-- a salesperson's accounts, latest first
CREATE INDEX "accounts_by_salesRepId1_dateUpdated" ON "accounts" ("salesRepId1", "dateUpdated" DESC);
-- the accounts of a type: typeId.id=36 AND …
CREATE INDEX "accounts_by_typeId" ON "accounts" ("typeId" DESC);
-- the accounts of a country
CREATE INDEX "accounts_by_countryId" ON "accounts" ("countryId" DESC);
-- users who see little: permissionLevel
CREATE INDEX "accounts_seen_permissionLevel" ON "accounts" ("permissionLevel", "dateUpdated" DESC);
-- users who see little: branchId
CREATE INDEX "accounts_seen_branchId" ON "accounts" ("branchId", "dateUpdated" DESC) WHERE "branchId" IS NOT NULL;
-- users who see little: public
CREATE INDEX "accounts_seen_public" ON "accounts" ("public", "dateUpdated" DESC) WHERE "public" = TRUE;
-- users who see little: salesRepId2
CREATE INDEX "accounts_seen_salesRepId2" ON "accounts" ("salesRepId2", "dateUpdated" DESC) WHERE "salesRepId2" IS NOT NULL;
-- users who see little: salesRepId3
CREATE INDEX "accounts_seen_salesRepId3" ON "accounts" ("salesRepId3", "dateUpdated" DESC) WHERE "salesRepId3" IS NOT NULL;
-- users who see little: salesRepId4
CREATE INDEX "accounts_seen_salesRepId4" ON "accounts" ("salesRepId4", "dateUpdated" DESC) WHERE "salesRepId4" IS NOT NULL;
-- users who see little: salesRepId5
CREATE INDEX "accounts_seen_salesRepId5" ON "accounts" ("salesRepId5", "dateUpdated" DESC) WHERE "salesRepId5" IS NOT NULL;
-- users who see little: salesRepIdCreated
CREATE INDEX "accounts_seen_salesRepIdCreated" ON "accounts" ("salesRepIdCreated", "dateUpdated" DESC) WHERE "salesRepIdCreated" IS NOT NULL;
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "accountAddresses_ids" ON "accountAddresses" ("id", "_version", "dateUpdated");
-- the addresses of an account
CREATE INDEX "accountAddresses_by_accountId" ON "accountAddresses" ("accountId" DESC);
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "accountsRelated_ids" ON "accountsRelated" ("id", "_version", "dateUpdated");
-- what an account is related to
CREATE INDEX "accountsRelated_by_accountOneId" ON "accountsRelated" ("accountOneId" DESC);
-- what is related to an account
CREATE INDEX "accountsRelated_by_accountTwoId" ON "accountsRelated" ("accountTwoId" DESC);
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "accountsRelations_ids" ON "accountsRelations" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "accountSegments_ids" ON "accountSegments" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "accountStatuses_ids" ON "accountStatuses" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "accountTypes_ids" ON "accountTypes" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "contacts_ids" ON "contacts" ("id", "_version", "dateUpdated", "permissionLevel", "salesRepId", "salesRepIdCreated");
-- email = 'x', email LIKE 'x%', order=email
CREATE INDEX "contacts_email" ON "contacts" ("email_key");
-- extId = 'x', extId LIKE 'x%', order=extId
CREATE INDEX "contacts_extId" ON "contacts" ("extId_key");
-- firstName = 'x', firstName LIKE 'x%', order=firstName
CREATE INDEX "contacts_firstName" ON "contacts" ("firstName_key");
-- lastName = 'x', lastName LIKE 'x%', order=lastName
CREATE INDEX "contacts_lastName" ON "contacts" ("lastName_key");
-- phone1 = 'x', phone1 LIKE 'x%', order=phone1
CREATE INDEX "contacts_phone1" ON "contacts" ("phone1_key");
-- who has this telephone number: GET /calls/phone/…
CREATE INDEX "contacts_by_phone1Tail" ON "contacts" ("phone1Tail" DESC) WHERE "phone1Tail" IS NOT NULL;
-- who has this telephone number: GET /calls/phone/…
CREATE INDEX "contacts_by_phone2Tail" ON "contacts" ("phone2Tail" DESC) WHERE "phone2Tail" IS NOT NULL;
-- polling for changes: dateUpdated > t
CREATE INDEX "contacts_by_dateUpdated" ON "contacts" ("dateUpdated" DESC);
-- polling for new records: dateCreated > t, order=dateCreated
CREATE INDEX "contacts_by_dateCreated" ON "contacts" ("dateCreated" DESC);
-- the contacts of an account, latest first
CREATE INDEX "contacts_by_accountId_dateUpdated" ON "contacts" ("accountId", "dateUpdated" DESC);
-- a salesperson's contacts, latest first
CREATE INDEX "contacts_by_salesRepId_dateUpdated" ON "contacts" ("salesRepId", "dateUpdated" DESC);
-- users who see little: permissionLevel
CREATE INDEX "contacts_seen_permissionLevel" ON "contacts" ("permissionLevel", "dateUpdated" DESC);
-- users who see little: salesRepIdCreated
CREATE INDEX "contacts_seen_salesRepIdCreated" ON "contacts" ("salesRepIdCreated", "dateUpdated" DESC) WHERE "salesRepIdCreated" IS NOT NULL;
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "contactTypes_ids" ON "contactTypes" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "contactsEntities_ids" ON "contactsEntities" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "entityOwners_ids" ON "entityOwners" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "opportunities_ids" ON "opportunities" ("id", "_version", "dateUpdated", "permissionLevel", "branchId", "salesRepId", "salesRepIdCreated");
-- extId = 'x', extId LIKE 'x%', order=extId
CREATE INDEX "opportunities_extId" ON "opportunities" ("extId_key");
-- reference = 'x', reference LIKE 'x%', order=reference
CREATE INDEX "opportunities_reference" ON "opportunities" ("reference_key");
-- no two records have the same transNumber; which one has it
CREATE UNIQUE INDEX "opportunities_transNumber_unique" ON "opportunities" ("transNumber_key") WHERE "transNumber_key" IS NOT NULL;
-- polling for changes: dateUpdated > t
CREATE INDEX "opportunities_by_dateUpdated" ON "opportunities" ("dateUpdated" DESC);
-- polling for new records: dateCreated > t, order=dateCreated
CREATE INDEX "opportunities_by_dateCreated" ON "opportunities" ("dateCreated" DESC);
-- a column of the pipeline, latest first
CREATE INDEX "opportunities_by_statusId_dateUpdated" ON "opportunities" ("statusId", "dateUpdated" DESC);
-- a salesperson's opportunities, latest first
CREATE INDEX "opportunities_by_salesRepId_dateUpdated" ON "opportunities" ("salesRepId", "dateUpdated" DESC);
-- the opportunities of an account, latest first
CREATE INDEX "opportunities_by_accountId1_dateUpdated" ON "opportunities" ("accountId1", "dateUpdated" DESC);
-- users who see little: permissionLevel
CREATE INDEX "opportunities_seen_permissionLevel" ON "opportunities" ("permissionLevel", "dateUpdated" DESC);
-- users who see little: branchId
CREATE INDEX "opportunities_seen_branchId" ON "opportunities" ("branchId", "dateUpdated" DESC) WHERE "branchId" IS NOT NULL;
-- users who see little: salesRepIdCreated
CREATE INDEX "opportunities_seen_salesRepIdCreated" ON "opportunities" ("salesRepIdCreated", "dateUpdated" DESC) WHERE "salesRepIdCreated" IS NOT NULL;
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "opportunityStatuses_ids" ON "opportunityStatuses" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "opportunityTypes_ids" ON "opportunityTypes" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "salesorders_ids" ON "salesorders" ("id", "_version", "dateUpdated", "branchId", "salesRepId", "salesRepIdCreated");
-- extId = 'x', extId LIKE 'x%', order=extId
CREATE INDEX "salesorders_extId" ON "salesorders" ("extId_key");
-- reference = 'x', reference LIKE 'x%', order=reference
CREATE INDEX "salesorders_reference" ON "salesorders" ("reference_key");
-- polling for changes: dateUpdated > t
CREATE INDEX "salesorders_by_dateUpdated" ON "salesorders" ("dateUpdated" DESC);
-- polling for new records: dateCreated > t, order=dateCreated
CREATE INDEX "salesorders_by_dateCreated" ON "salesorders" ("dateCreated" DESC);
-- the orders of an account, latest first
CREATE INDEX "salesorders_by_accountId_dateUpdated" ON "salesorders" ("accountId", "dateUpdated" DESC);
-- the orders of a status, latest first
CREATE INDEX "salesorders_by_statusId_dateUpdated" ON "salesorders" ("statusId", "dateUpdated" DESC);
-- a salesperson's orders, latest first
CREATE INDEX "salesorders_by_salesRepId_dateUpdated" ON "salesorders" ("salesRepId", "dateUpdated" DESC);
-- the orders of an opportunity
CREATE INDEX "salesorders_by_opportunityId" ON "salesorders" ("opportunityId" DESC);
-- users who see little: branchId
CREATE INDEX "salesorders_seen_branchId" ON "salesorders" ("branchId", "dateUpdated" DESC);
-- users who see little: salesRepIdCreated
CREATE INDEX "salesorders_seen_salesRepIdCreated" ON "salesorders" ("salesRepIdCreated", "dateUpdated" DESC) WHERE "salesRepIdCreated" IS NOT NULL;
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "salesordersLines_ids" ON "salesordersLines" ("id", "_version", "dateUpdated");
-- polling for changes: dateUpdated > t
CREATE INDEX "salesordersLines_by_dateUpdated" ON "salesordersLines" ("dateUpdated" DESC);
-- polling for new records: dateCreated > t, order=dateCreated
CREATE INDEX "salesordersLines_by_dateCreated" ON "salesordersLines" ("dateCreated" DESC);
-- the lines of an order
CREATE INDEX "salesordersLines_by_salesorderId" ON "salesordersLines" ("salesorderId" DESC);
-- where a product was sold
CREATE INDEX "salesordersLines_by_productId" ON "salesordersLines" ("productId" DESC);
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "salesorderStatuses_ids" ON "salesorderStatuses" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "orderTypes_ids" ON "orderTypes" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "sales_ids" ON "sales" ("id", "_version", "dateUpdated");
-- extId = 'x', extId LIKE 'x%', order=extId
CREATE INDEX "sales_extId" ON "sales" ("extId_key");
-- polling for changes: dateUpdated > t
CREATE INDEX "sales_by_dateUpdated" ON "sales" ("dateUpdated" DESC);
-- polling for new records: dateCreated > t, order=dateCreated
CREATE INDEX "sales_by_dateCreated" ON "sales" ("dateCreated" DESC);
-- the sales to an account, latest first
CREATE INDEX "sales_by_accountId_date" ON "sales" ("accountId", "date" DESC);
-- a salesperson's sales, latest first
CREATE INDEX "sales_by_salesRepId_date" ON "sales" ("salesRepId", "date" DESC);
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "products_ids" ON "products" ("id", "_version", "dateUpdated", "permissionLevel", "salesRepIdCreated");
-- extId = 'x', extId LIKE 'x%', order=extId
CREATE INDEX "products_extId" ON "products" ("extId_key");
-- model = 'x', model LIKE 'x%', order=model
CREATE INDEX "products_model" ON "products" ("model_key");
-- polling for changes: dateUpdated > t
CREATE INDEX "products_by_dateUpdated" ON "products" ("dateUpdated" DESC);
-- polling for new records: dateCreated > t, order=dateCreated
CREATE INDEX "products_by_dateCreated" ON "products" ("dateCreated" DESC);
-- the products of a family
CREATE INDEX "products_by_familyId" ON "products" ("familyId" DESC);
-- users who see little: permissionLevel
CREATE INDEX "products_seen_permissionLevel" ON "products" ("permissionLevel", "dateUpdated" DESC);
-- users who see little: salesRepIdCreated
CREATE INDEX "products_seen_salesRepIdCreated" ON "products" ("salesRepIdCreated", "dateUpdated" DESC) WHERE "salesRepIdCreated" IS NOT NULL;
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "productCategories_ids" ON "productCategories" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "productFamilies_ids" ON "productFamilies" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "productRates_ids" ON "productRates" ("id", "_version", "dateUpdated");
-- the prices of a product
CREATE INDEX "productRates_by_productId" ON "productRates" ("productId" DESC);
-- the prices of a rate
CREATE INDEX "productRates_by_rateId" ON "productRates" ("rateId" DESC);
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "rates_ids" ON "rates" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "activities_ids" ON "activities" ("id", "_version", "dateUpdated", "permissionLevel", "salesRepId", "salesRepIdCreated");
-- extId = 'x', extId LIKE 'x%', order=extId
CREATE INDEX "activities_extId" ON "activities" ("extId_key");
-- polling for changes: dateUpdated > t
CREATE INDEX "activities_by_dateUpdated" ON "activities" ("dateUpdated" DESC);
-- polling for new records: dateCreated > t, order=dateCreated
CREATE INDEX "activities_by_dateCreated" ON "activities" ("dateCreated" DESC);
-- an account's history, latest first
CREATE INDEX "activities_by_accountId_date" ON "activities" ("accountId", "date" DESC);
-- a salesperson's activities, latest first
CREATE INDEX "activities_by_salesRepId_date" ON "activities" ("salesRepId", "date" DESC);
-- a contact's history
CREATE INDEX "activities_by_contactId" ON "activities" ("contactId" DESC);
-- an opportunity's history
CREATE INDEX "activities_by_opportunityId" ON "activities" ("opportunityId" DESC);
-- everybody's activities, latest first
CREATE INDEX "activities_by_date" ON "activities" ("date" DESC);
-- users who see little: permissionLevel
CREATE INDEX "activities_seen_permissionLevel" ON "activities" ("permissionLevel", "dateUpdated" DESC);
-- users who see little: salesRepIdCreated
CREATE INDEX "activities_seen_salesRepIdCreated" ON "activities" ("salesRepIdCreated", "dateUpdated" DESC) WHERE "salesRepIdCreated" IS NOT NULL;
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "activityTypes_ids" ON "activityTypes" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "calendar_ids" ON "calendar" ("id", "_version", "dateUpdated", "permissionLevel", "branchId", "salesRepId", "salesRepIdCreated");
-- extId = 'x', extId LIKE 'x%', order=extId
CREATE INDEX "calendar_extId" ON "calendar" ("extId_key");
-- polling for changes: dateUpdated > t
CREATE INDEX "calendar_by_dateUpdated" ON "calendar" ("dateUpdated" DESC);
-- polling for new records: dateCreated > t, order=dateCreated
CREATE INDEX "calendar_by_dateCreated" ON "calendar" ("dateCreated" DESC);
-- a salesperson's calendar
CREATE INDEX "calendar_by_salesRepId_startDate" ON "calendar" ("salesRepId", "startDate" DESC);
-- an account's events
CREATE INDEX "calendar_by_accountId_startDate" ON "calendar" ("accountId", "startDate" DESC);
-- users who see little: permissionLevel
CREATE INDEX "calendar_seen_permissionLevel" ON "calendar" ("permissionLevel", "dateUpdated" DESC);
-- users who see little: branchId
CREATE INDEX "calendar_seen_branchId" ON "calendar" ("branchId", "dateUpdated" DESC) WHERE "branchId" IS NOT NULL;
-- users who see little: salesRepIdCreated
CREATE INDEX "calendar_seen_salesRepIdCreated" ON "calendar" ("salesRepIdCreated", "dateUpdated" DESC) WHERE "salesRepIdCreated" IS NOT NULL;
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "calls_ids" ON "calls" ("id", "_version", "dateUpdated");
-- polling for changes: dateUpdated > t
CREATE INDEX "calls_by_dateUpdated" ON "calls" ("dateUpdated" DESC);
-- polling for new records: dateCreated > t, order=dateCreated
CREATE INDEX "calls_by_dateCreated" ON "calls" ("dateCreated" DESC);
-- a salesperson's calls, for the scores
CREATE INDEX "calls_by_salesRepId_startDate" ON "calls" ("salesRepId", "startDate" DESC);
-- the calls with an account
CREATE INDEX "calls_by_accountId_startDate" ON "calls" ("accountId", "startDate" DESC);
-- the calls with a contact
CREATE INDEX "calls_by_contactId_startDate" ON "calls" ("contactId", "startDate" DESC);
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "emails_ids" ON "emails" ("id", "_version", "dateUpdated");
-- emailFrom = 'x', emailFrom LIKE 'x%', order=emailFrom
CREATE INDEX "emails_emailFrom" ON "emails" ("emailFrom_key");
-- emailTo = 'x', emailTo LIKE 'x%', order=emailTo
CREATE INDEX "emails_emailTo" ON "emails" ("emailTo_key");
-- extId = 'x', extId LIKE 'x%', order=extId
CREATE INDEX "emails_extId" ON "emails" ("extId_key");
-- subject = 'x', subject LIKE 'x%', order=subject
CREATE INDEX "emails_subject" ON "emails" ("subject_key");
-- polling for changes: dateUpdated > t
CREATE INDEX "emails_by_dateUpdated" ON "emails" ("dateUpdated" DESC);
-- polling for new records: dateCreated > t, order=dateCreated
CREATE INDEX "emails_by_dateCreated" ON "emails" ("dateCreated" DESC);
-- an account's e-mails, latest first
CREATE INDEX "emails_by_accountId_date" ON "emails" ("accountId", "date" DESC);
-- a contact's e-mails, latest first
CREATE INDEX "emails_by_contactId_date" ON "emails" ("contactId", "date" DESC);
-- an opportunity's e-mails, latest first
CREATE INDEX "emails_by_opportunityId_date" ON "emails" ("opportunityId", "date" DESC);
-- a salesperson's e-mails, for the scores
CREATE INDEX "emails_by_salesRepId_date" ON "emails" ("salesRepId", "date" DESC);
-- all e-mails, latest first
CREATE INDEX "emails_by_date" ON "emails" ("date" DESC);
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "news_ids" ON "news" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "videoCallProviders_ids" ON "videoCallProviders" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "campaigns_ids" ON "campaigns" ("id", "_version", "dateUpdated");
-- title = 'x', title LIKE 'x%', order=title
CREATE INDEX "campaigns_title" ON "campaigns" ("title_key");
-- polling for changes: dateUpdated > t
CREATE INDEX "campaigns_by_dateUpdated" ON "campaigns" ("dateUpdated" DESC);
-- polling for new records: dateCreated > t, order=dateCreated
CREATE INDEX "campaigns_by_dateCreated" ON "campaigns" ("dateCreated" DESC);
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "campaignEntities_ids" ON "campaignEntities" ("id", "_version", "dateUpdated");
-- the accounts of a campaign, and one of them
CREATE INDEX "campaignEntities_by_campaignId_accountId" ON "campaignEntities" ("campaignId", "accountId" DESC);
-- the campaigns of an account
CREATE INDEX "campaignEntities_by_accountId" ON "campaignEntities" ("accountId" DESC);
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "campaignQuestions_ids" ON "campaignQuestions" ("id", "_version", "dateUpdated");
-- the questions of a campaign
CREATE INDEX "campaignQuestions_by_campaignId" ON "campaignQuestions" ("campaignId" DESC);
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "campaignQuestionValues_ids" ON "campaignQuestionValues" ("id", "_version", "dateUpdated");
-- what a question offers
CREATE INDEX "campaignQuestionValues_by_questionId" ON "campaignQuestionValues" ("questionId" DESC);
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "campaignQuestionAnswers_ids" ON "campaignQuestionAnswers" ("id", "_version", "dateUpdated");
-- the answers to a question
CREATE INDEX "campaignQuestionAnswers_by_questionId" ON "campaignQuestionAnswers" ("questionId" DESC);
-- the answers given in an activity
CREATE INDEX "campaignQuestionAnswers_by_activityId" ON "campaignQuestionAnswers" ("activityId" DESC);
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "campaignStatuses_ids" ON "campaignStatuses" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "campaignTypes_ids" ON "campaignTypes" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "documents_ids" ON "documents" ("id", "_version", "dateUpdated", "level", "userId", "salesRepIdCreated");
-- extId = 'x', extId LIKE 'x%', order=extId
CREATE INDEX "documents_extId" ON "documents" ("extId_key");
-- name = 'x', name LIKE 'x%', order=name
CREATE INDEX "documents_name" ON "documents" ("name_key");
-- polling for changes: dateUpdated > t
CREATE INDEX "documents_by_dateUpdated" ON "documents" ("dateUpdated" DESC);
-- polling for new records: dateCreated > t, order=dateCreated
CREATE INDEX "documents_by_dateCreated" ON "documents" ("dateCreated" DESC);
-- the documents of an account
CREATE INDEX "documents_by_accountId" ON "documents" ("accountId" DESC);
-- the documents of a contact
CREATE INDEX "documents_by_contactId" ON "documents" ("contactId" DESC);
-- the documents of an opportunity
CREATE INDEX "documents_by_opportunityId" ON "documents" ("opportunityId" DESC);
-- the documents of an activity
CREATE INDEX "documents_by_activityId" ON "documents" ("activityId" DESC);
-- the documents of an order
CREATE INDEX "documents_by_salesOrderId" ON "documents" ("salesOrderId" DESC);
-- the documents of a campaign
CREATE INDEX "documents_by_campaignId" ON "documents" ("campaignId" DESC);
-- the pictures of a product
CREATE INDEX "documents_by_productId" ON "documents" ("productId" DESC);
-- the documents in a folder
CREATE INDEX "documents_by_folderId" ON "documents" ("folderId" DESC);
-- the documents of a case
CREATE INDEX "documents_by_caseId" ON "documents" ("caseId" DESC);
-- the documents of a damage notification
CREATE INDEX "documents_by_damageNotificationId" ON "documents" ("damageNotificationId" DESC);
-- the documents of a port order
CREATE INDEX "documents_by_portOrderId" ON "documents" ("portOrderId" DESC);
-- whether contents are still in use
CREATE INDEX "documents_by_hash" ON "documents" ("hash_key" DESC);
-- announced documents that never came
CREATE INDEX "documents_by_state_expiresAt" ON "documents" ("state_key", "expiresAt" DESC);
-- users who see little: level
CREATE INDEX "documents_seen_level" ON "documents" ("level", "dateUpdated" DESC);
-- users who see little: userId
CREATE INDEX "documents_seen_userId" ON "documents" ("userId", "dateUpdated" DESC) WHERE "userId" IS NOT NULL;
-- users who see little: salesRepIdCreated
CREATE INDEX "documents_seen_salesRepIdCreated" ON "documents" ("salesRepIdCreated", "dateUpdated" DESC) WHERE "salesRepIdCreated" IS NOT NULL;
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "folders_ids" ON "folders" ("id", "_version", "dateUpdated", "level", "salesRepIdCreated");
-- name = 'x', name LIKE 'x%', order=name
CREATE INDEX "folders_name" ON "folders" ("name_key");
-- the folders in a folder
CREATE INDEX "folders_by_folderId" ON "folders" ("folderId" DESC);
-- the folders of a record
CREATE INDEX "folders_by_entityId" ON "folders" ("entityId" DESC);
-- users who see little: level
CREATE INDEX "folders_seen_level" ON "folders" ("level", "dateUpdated" DESC);
-- users who see little: salesRepIdCreated
CREATE INDEX "folders_seen_salesRepIdCreated" ON "folders" ("salesRepIdCreated", "dateUpdated" DESC) WHERE "salesRepIdCreated" IS NOT NULL;
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "formStates_ids" ON "formStates" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "formTemplates_ids" ON "formTemplates" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "forms_ids" ON "forms" ("id", "_version", "dateUpdated");
-- the forms of a template
CREATE INDEX "forms_by_formTemplateId" ON "forms" ("formTemplateId" DESC);
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "cases_ids" ON "cases" ("id", "_version", "dateUpdated", "permissionLevel", "branchId", "ownerId", "responsibleId", "salesRepIdCreated");
-- extId = 'x', extId LIKE 'x%', order=extId
CREATE INDEX "cases_extId" ON "cases" ("extId_key");
-- insuranceCompanyAlias = 'x', insuranceCompanyAlias LIKE 'x%', order=insuranceCompanyAlias
CREATE INDEX "cases_insuranceCompanyAlias" ON "cases" ("insuranceCompanyAlias_key");
-- number = 'x', number LIKE 'x%', order=number
CREATE INDEX "cases_number" ON "cases" ("number_key");
-- policyNumber = 'x', policyNumber LIKE 'x%', order=policyNumber
CREATE INDEX "cases_policyNumber" ON "cases" ("policyNumber_key");
-- no two records have the same guid; which one has it
CREATE UNIQUE INDEX "cases_guid_unique" ON "cases" ("guid_key") WHERE "guid_key" IS NOT NULL;
-- no two records have the same number; which one has it
CREATE UNIQUE INDEX "cases_number_unique" ON "cases" ("number_key") WHERE "number_key" IS NOT NULL;
-- no two records have the same wolkvoxId; which one has it
CREATE UNIQUE INDEX "cases_wolkvoxId_unique" ON "cases" ("wolkvoxId_key") WHERE "wolkvoxId_key" IS NOT NULL;
-- polling for changes: dateUpdated > t
CREATE INDEX "cases_by_dateUpdated" ON "cases" ("dateUpdated" DESC);
-- polling for new records: dateCreated > t, order=dateCreated
CREATE INDEX "cases_by_dateCreated" ON "cases" ("dateCreated" DESC);
-- the cases of a status, latest first
CREATE INDEX "cases_by_statusId_dateUpdated" ON "cases" ("statusId", "dateUpdated" DESC);
-- who has which cases to do, latest first
CREATE INDEX "cases_by_responsibleId_dateUpdated" ON "cases" ("responsibleId", "dateUpdated" DESC);
-- an owner's cases, latest first
CREATE INDEX "cases_by_ownerId_dateUpdated" ON "cases" ("ownerId", "dateUpdated" DESC);
-- the cases of an account, latest first
CREATE INDEX "cases_by_accountId_dateUpdated" ON "cases" ("accountId", "dateUpdated" DESC);
-- the cases of a contact, latest first
CREATE INDEX "cases_by_contactId_dateUpdated" ON "cases" ("contactId", "dateUpdated" DESC);
-- users who see little: permissionLevel
CREATE INDEX "cases_seen_permissionLevel" ON "cases" ("permissionLevel", "dateUpdated" DESC);
-- users who see little: branchId
CREATE INDEX "cases_seen_branchId" ON "cases" ("branchId", "dateUpdated" DESC) WHERE "branchId" IS NOT NULL;
-- users who see little: salesRepIdCreated
CREATE INDEX "cases_seen_salesRepIdCreated" ON "cases" ("salesRepIdCreated", "dateUpdated" DESC) WHERE "salesRepIdCreated" IS NOT NULL;
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "caseTypes_ids" ON "caseTypes" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "casePriorities_ids" ON "casePriorities" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "caseStatuses_ids" ON "caseStatuses" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "damageNotifications_ids" ON "damageNotifications" ("id", "_version", "dateUpdated", "permissionLevel", "branchId", "ownerId", "salesRepIdCreated");
-- extId = 'x', extId LIKE 'x%', order=extId
CREATE INDEX "damageNotifications_extId" ON "damageNotifications" ("extId_key");
-- insuranceCompanyAlias = 'x', insuranceCompanyAlias LIKE 'x%', order=insuranceCompanyAlias
CREATE INDEX "damageNotifications_insuranceCompanyAlias" ON "damageNotifications" ("insuranceCompanyAlias_key");
-- policyNumber = 'x', policyNumber LIKE 'x%', order=policyNumber
CREATE INDEX "damageNotifications_policyNumber" ON "damageNotifications" ("policyNumber_key");
-- no two records have the same guid; which one has it
CREATE UNIQUE INDEX "damageNotifications_guid_unique" ON "damageNotifications" ("guid_key") WHERE "guid_key" IS NOT NULL;
-- polling for changes: dateUpdated > t
CREATE INDEX "damageNotifications_by_dateUpdated" ON "damageNotifications" ("dateUpdated" DESC);
-- polling for new records: dateCreated > t, order=dateCreated
CREATE INDEX "damageNotifications_by_dateCreated" ON "damageNotifications" ("dateCreated" DESC);
-- the damage notifications merged to a case
CREATE INDEX "damageNotifications_by_caseId" ON "damageNotifications" ("caseId" DESC);
-- an owner's damage notifications, latest first
CREATE INDEX "damageNotifications_by_ownerId_dateUpdated" ON "damageNotifications" ("ownerId", "dateUpdated" DESC);
-- users who see little: permissionLevel
CREATE INDEX "damageNotifications_seen_permissionLevel" ON "damageNotifications" ("permissionLevel", "dateUpdated" DESC);
-- users who see little: branchId
CREATE INDEX "damageNotifications_seen_branchId" ON "damageNotifications" ("branchId", "dateUpdated" DESC) WHERE "branchId" IS NOT NULL;
-- users who see little: salesRepIdCreated
CREATE INDEX "damageNotifications_seen_salesRepIdCreated" ON "damageNotifications" ("salesRepIdCreated", "dateUpdated" DESC) WHERE "salesRepIdCreated" IS NOT NULL;
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "portorderGroups_ids" ON "portorderGroups" ("id", "_version", "dateUpdated", "permissionLevel", "ownerId", "salesRepIdCreated");
-- alias = 'x', alias LIKE 'x%', order=alias
CREATE INDEX "portorderGroups_alias" ON "portorderGroups" ("alias_key");
-- users who see little: permissionLevel
CREATE INDEX "portorderGroups_seen_permissionLevel" ON "portorderGroups" ("permissionLevel", "dateUpdated" DESC);
-- users who see little: ownerId
CREATE INDEX "portorderGroups_seen_ownerId" ON "portorderGroups" ("ownerId", "dateUpdated" DESC) WHERE "ownerId" IS NOT NULL;
-- users who see little: salesRepIdCreated
CREATE INDEX "portorderGroups_seen_salesRepIdCreated" ON "portorderGroups" ("salesRepIdCreated", "dateUpdated" DESC) WHERE "salesRepIdCreated" IS NOT NULL;
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "portorders_ids" ON "portorders" ("id", "_version", "dateUpdated", "permissionLevel", "branchId", "ownerId", "salesRepIdCreated");
-- alias = 'x', alias LIKE 'x%', order=alias
CREATE INDEX "portorders_alias" ON "portorders" ("alias_key");
-- polling for changes: dateUpdated > t
CREATE INDEX "portorders_by_dateUpdated" ON "portorders" ("dateUpdated" DESC);
-- polling for new records: dateCreated > t, order=dateCreated
CREATE INDEX "portorders_by_dateCreated" ON "portorders" ("dateCreated" DESC);
-- the port orders of a group
CREATE INDEX "portorders_by_groupId" ON "portorders" ("groupId" DESC);
-- the port orders in a state, latest first
CREATE INDEX "portorders_by_status_statusUpdatedAt" ON "portorders" ("status_key", "statusUpdatedAt" DESC);
-- an owner's port orders, latest first
CREATE INDEX "portorders_by_ownerId_dateUpdated" ON "portorders" ("ownerId", "dateUpdated" DESC);
-- users who see little: permissionLevel
CREATE INDEX "portorders_seen_permissionLevel" ON "portorders" ("permissionLevel", "dateUpdated" DESC);
-- users who see little: branchId
CREATE INDEX "portorders_seen_branchId" ON "portorders" ("branchId", "dateUpdated" DESC) WHERE "branchId" IS NOT NULL;
-- users who see little: salesRepIdCreated
CREATE INDEX "portorders_seen_salesRepIdCreated" ON "portorders" ("salesRepIdCreated", "dateUpdated" DESC) WHERE "salesRepIdCreated" IS NOT NULL;
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "portorderNumbers_ids" ON "portorderNumbers" ("id", "_version", "dateUpdated");
-- number = 'x', number LIKE 'x%', order=number
CREATE INDEX "portorderNumbers_number" ON "portorderNumbers" ("number_key");
-- the numbers of a port order
CREATE INDEX "portorderNumbers_by_portOrderId" ON "portorderNumbers" ("portOrderId" DESC);
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "portorderComments_ids" ON "portorderComments" ("id", "_version", "dateUpdated");
-- the comments on a port order
CREATE INDEX "portorderComments_by_portOrderId" ON "portorderComments" ("portOrderId" DESC);
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "portorderHistory_ids" ON "portorderHistory" ("id", "_version", "dateUpdated");
-- what became of a port order, in order
CREATE INDEX "portorderHistory_by_portOrderId_date" ON "portorderHistory" ("portOrderId", "date" DESC);
-- changes that are to be told
CREATE INDEX "portorderHistory_by_dueAt" ON "portorderHistory" ("dueAt" DESC) WHERE "dueAt" IS NOT NULL;
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "portorderFiles_ids" ON "portorderFiles" ("id", "_version", "dateUpdated");
-- no two records have the same storageKey; which one has it
CREATE UNIQUE INDEX "portorderFiles_storageKey_unique" ON "portorderFiles" ("storageKey_key") WHERE "storageKey_key" IS NOT NULL;
-- the files of a port order
CREATE INDEX "portorderFiles_by_portOrderId" ON "portorderFiles" ("portOrderId" DESC);
-- which file a document is
CREATE INDEX "portorderFiles_by_documentId" ON "portorderFiles" ("documentId" DESC);
-- files that are to be fetched
CREATE INDEX "portorderFiles_by_dueAt" ON "portorderFiles" ("dueAt" DESC) WHERE "dueAt" IS NOT NULL;
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "users_ids" ON "users" ("id", "_version", "dateUpdated");
-- email = 'x', email LIKE 'x%', order=email
CREATE INDEX "users_email" ON "users" ("email_key");
-- extId = 'x', extId LIKE 'x%', order=extId
CREATE INDEX "users_extId" ON "users" ("extId_key");
-- lastName = 'x', lastName LIKE 'x%', order=lastName
CREATE INDEX "users_lastName" ON "users" ("lastName_key");
-- name = 'x', name LIKE 'x%', order=name
CREATE INDEX "users_name" ON "users" ("name_key");
-- nic = 'x', nic LIKE 'x%', order=nic
CREATE INDEX "users_nic" ON "users" ("nic_key");
-- who has this telephone number: GET /calls/phone/…
CREATE INDEX "users_by_phoneTail" ON "users" ("phoneTail" DESC) WHERE "phoneTail" IS NOT NULL;
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "userTypes_ids" ON "userTypes" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "roles_ids" ON "roles" ("id", "_version", "dateUpdated");
-- name = 'x', name LIKE 'x%', order=name
CREATE INDEX "roles_name" ON "roles" ("name_key");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "branches_ids" ON "branches" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "countries_ids" ON "countries" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "currencies_ids" ON "currencies" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "timeZones_ids" ON "timeZones" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "genre_ids" ON "genre" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "activityPoints_ids" ON "activityPoints" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "extrafields_ids" ON "extrafields" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "extrafieldsTabs_ids" ON "extrafieldsTabs" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "hooks_ids" ON "hooks" ("id", "_version", "dateUpdated", "level", "salesRepIdCreated");
-- users who see little: level
CREATE INDEX "hooks_seen_level" ON "hooks" ("level", "dateUpdated" DESC);
-- users who see little: salesRepIdCreated
CREATE INDEX "hooks_seen_salesRepIdCreated" ON "hooks" ("salesRepIdCreated", "dateUpdated" DESC) WHERE "salesRepIdCreated" IS NOT NULL;
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "list_ids" ON "list" ("id", "_version", "dateUpdated");
-- many rows without reading them: page= far from the start, what somebody sees, latest first
CREATE INDEX "listValues_ids" ON "listValues" ("id", "_version", "dateUpdated");
-- the values of a list
CREATE INDEX "listValues_by_listId" ON "listValues" ("listId" DESC);

-- email, name, phone, phone2, phone3 LIKE '%x%'
CREATE VIRTUAL TABLE "accounts_trigrams" USING fts5(t, content='', tokenize='trigram case_sensitive 1', detail=none, columnsize=0);
CREATE TABLE "accounts_pending" ("id" INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER "accounts_trigrams_update" AFTER UPDATE OF "email_key", "name_key", "phone_key", "phone2_key", "phone3_key" ON "accounts" WHEN old."email_key" IS NOT new."email_key" OR old."name_key" IS NOT new."name_key" OR old."phone_key" IS NOT new."phone_key" OR old."phone2_key" IS NOT new."phone2_key" OR old."phone3_key" IS NOT new."phone3_key" BEGIN
  INSERT OR IGNORE INTO "accounts_pending" VALUES (new."id");
END;

-- email, email2, email3, firstName, lastName, phone1, phone2 LIKE '%x%'
CREATE VIRTUAL TABLE "contacts_trigrams" USING fts5(t, content='', tokenize='trigram case_sensitive 1', detail=none, columnsize=0);
CREATE TABLE "contacts_pending" ("id" INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER "contacts_trigrams_update" AFTER UPDATE OF "email_key", "email2_key", "email3_key", "firstName_key", "lastName_key", "phone1_key", "phone2_key" ON "contacts" WHEN old."email_key" IS NOT new."email_key" OR old."email2_key" IS NOT new."email2_key" OR old."email3_key" IS NOT new."email3_key" OR old."firstName_key" IS NOT new."firstName_key" OR old."lastName_key" IS NOT new."lastName_key" OR old."phone1_key" IS NOT new."phone1_key" OR old."phone2_key" IS NOT new."phone2_key" BEGIN
  INSERT OR IGNORE INTO "contacts_pending" VALUES (new."id");
END;

-- reference LIKE '%x%'
CREATE VIRTUAL TABLE "opportunities_trigrams" USING fts5(t, content='', tokenize='trigram case_sensitive 1', detail=none, columnsize=0);
CREATE TABLE "opportunities_pending" ("id" INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER "opportunities_trigrams_update" AFTER UPDATE OF "reference_key" ON "opportunities" WHEN old."reference_key" IS NOT new."reference_key" BEGIN
  INSERT OR IGNORE INTO "opportunities_pending" VALUES (new."id");
END;

-- reference LIKE '%x%'
CREATE VIRTUAL TABLE "salesorders_trigrams" USING fts5(t, content='', tokenize='trigram case_sensitive 1', detail=none, columnsize=0);
CREATE TABLE "salesorders_pending" ("id" INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER "salesorders_trigrams_update" AFTER UPDATE OF "reference_key" ON "salesorders" WHEN old."reference_key" IS NOT new."reference_key" BEGIN
  INSERT OR IGNORE INTO "salesorders_pending" VALUES (new."id");
END;

-- model LIKE '%x%'
CREATE VIRTUAL TABLE "products_trigrams" USING fts5(t, content='', tokenize='trigram case_sensitive 1', detail=none, columnsize=0);
CREATE TABLE "products_pending" ("id" INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER "products_trigrams_update" AFTER UPDATE OF "model_key" ON "products" WHEN old."model_key" IS NOT new."model_key" BEGIN
  INSERT OR IGNORE INTO "products_pending" VALUES (new."id");
END;

-- subject LIKE '%x%'
CREATE VIRTUAL TABLE "calendar_trigrams" USING fts5(t, content='', tokenize='trigram case_sensitive 1', detail=none, columnsize=0);
CREATE TABLE "calendar_pending" ("id" INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER "calendar_trigrams_update" AFTER UPDATE OF "subject_key" ON "calendar" WHEN old."subject_key" IS NOT new."subject_key" BEGIN
  INSERT OR IGNORE INTO "calendar_pending" VALUES (new."id");
END;

-- phone LIKE '%x%'
CREATE VIRTUAL TABLE "calls_trigrams" USING fts5(t, content='', tokenize='trigram case_sensitive 1', detail=none, columnsize=0);
CREATE TABLE "calls_pending" ("id" INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER "calls_trigrams_update" AFTER UPDATE OF "phone_key" ON "calls" WHEN old."phone_key" IS NOT new."phone_key" BEGIN
  INSERT OR IGNORE INTO "calls_pending" VALUES (new."id");
END;

-- emailFrom, emailTo, subject LIKE '%x%'
CREATE VIRTUAL TABLE "emails_trigrams" USING fts5(t, content='', tokenize='trigram case_sensitive 1', detail=none, columnsize=0);
CREATE TABLE "emails_pending" ("id" INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER "emails_trigrams_update" AFTER UPDATE OF "emailFrom_key", "emailTo_key", "subject_key" ON "emails" WHEN old."emailFrom_key" IS NOT new."emailFrom_key" OR old."emailTo_key" IS NOT new."emailTo_key" OR old."subject_key" IS NOT new."subject_key" BEGIN
  INSERT OR IGNORE INTO "emails_pending" VALUES (new."id");
END;

-- title LIKE '%x%'
CREATE VIRTUAL TABLE "campaigns_trigrams" USING fts5(t, content='', tokenize='trigram case_sensitive 1', detail=none, columnsize=0);
CREATE TABLE "campaigns_pending" ("id" INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER "campaigns_trigrams_update" AFTER UPDATE OF "title_key" ON "campaigns" WHEN old."title_key" IS NOT new."title_key" BEGIN
  INSERT OR IGNORE INTO "campaigns_pending" VALUES (new."id");
END;

-- name LIKE '%x%'
CREATE VIRTUAL TABLE "documents_trigrams" USING fts5(t, content='', tokenize='trigram case_sensitive 1', detail=none, columnsize=0);
CREATE TABLE "documents_pending" ("id" INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER "documents_trigrams_update" AFTER UPDATE OF "name_key" ON "documents" WHEN old."name_key" IS NOT new."name_key" BEGIN
  INSERT OR IGNORE INTO "documents_pending" VALUES (new."id");
END;

-- name LIKE '%x%'
CREATE VIRTUAL TABLE "folders_trigrams" USING fts5(t, content='', tokenize='trigram case_sensitive 1', detail=none, columnsize=0);
CREATE TABLE "folders_pending" ("id" INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER "folders_trigrams_update" AFTER UPDATE OF "name_key" ON "folders" WHEN old."name_key" IS NOT new."name_key" BEGIN
  INSERT OR IGNORE INTO "folders_pending" VALUES (new."id");
END;

-- number LIKE '%x%'
CREATE VIRTUAL TABLE "cases_trigrams" USING fts5(t, content='', tokenize='trigram case_sensitive 1', detail=none, columnsize=0);
CREATE TABLE "cases_pending" ("id" INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER "cases_trigrams_update" AFTER UPDATE OF "number_key" ON "cases" WHEN old."number_key" IS NOT new."number_key" BEGIN
  INSERT OR IGNORE INTO "cases_pending" VALUES (new."id");
END;

-- email, lastName, name, phone LIKE '%x%'
CREATE VIRTUAL TABLE "users_trigrams" USING fts5(t, content='', tokenize='trigram case_sensitive 1', detail=none, columnsize=0);
CREATE TABLE "users_pending" ("id" INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER "users_trigrams_update" AFTER UPDATE OF "email_key", "lastName_key", "name_key", "phone_key" ON "users" WHEN old."email_key" IS NOT new."email_key" OR old."lastName_key" IS NOT new."lastName_key" OR old."name_key" IS NOT new."name_key" OR old."phone_key" IS NOT new."phone_key" BEGIN
  INSERT OR IGNORE INTO "users_pending" VALUES (new."id");
END;
