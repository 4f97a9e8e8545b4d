-- Times are microseconds since 1970 in UTC, 0 for none. Columns of {bytes} named doc hold JSON, compressed where that pays.
-- What stands in braces the two engines write differently: {id} is given by the database, {own} is another table's.

CREATE TABLE meta (
	name  {key} PRIMARY KEY,
	value {key} NOT NULL
);
INSERT INTO meta (name, value) VALUES ('judged', '0');

CREATE TABLE runs (
	id       {id},
	state    TEXT   NOT NULL,
	started  BIGINT NOT NULL,
	ended    BIGINT NOT NULL,
	roots    TEXT   NOT NULL,
	version  TEXT   NOT NULL,
	rule_set TEXT   NOT NULL,
	key_id   TEXT   NOT NULL,
	calls    BIGINT NOT NULL,
	spared   BIGINT NOT NULL,
	fetched  BIGINT NOT NULL,
	scanned  BIGINT NOT NULL,
	unlisted TEXT   NOT NULL,
	judged   BIGINT NOT NULL,
	doc      {bytes} NOT NULL
);

CREATE TABLE targets (
	id             {id},
	target_key     {key}  NOT NULL UNIQUE,
	name           {key}  NOT NULL,
	was            TEXT   NOT NULL,
	kind           TEXT   NOT NULL,
	root           {key}  NOT NULL,
	url            TEXT   NOT NULL,
	host           TEXT   NOT NULL,
	repository     TEXT   NOT NULL,
	default_branch TEXT   NOT NULL,
	visibility     TEXT   NOT NULL,
	archived       BIGINT NOT NULL,
	fork           BIGINT NOT NULL,
	topics         TEXT   NOT NULL,
	pushed         BIGINT NOT NULL,
	size           BIGINT NOT NULL,
	gone           BIGINT NOT NULL
);
CREATE INDEX targets_name ON targets (name);

CREATE TABLE outcomes (
	run    BIGINT NOT NULL REFERENCES runs (id),
	target BIGINT NOT NULL REFERENCES targets (id),
	state  TEXT   NOT NULL,
	reason TEXT   NOT NULL,
	detail TEXT   NOT NULL,
	tries  BIGINT NOT NULL,
	at     BIGINT NOT NULL,
	PRIMARY KEY (run, target)
){rowless};
CREATE INDEX outcomes_target ON outcomes (target);

CREATE TABLE scans (
	target   {own} REFERENCES targets (id),
	run      BIGINT NOT NULL,
	refs     TEXT   NOT NULL,
	print    TEXT   NOT NULL,
	rules    TEXT   NOT NULL,
	complete BIGINT NOT NULL,
	objects  BIGINT NOT NULL,
	at       BIGINT NOT NULL,
	doc      {bytes} NOT NULL
);

-- Apart from scans, so that reading what targets hold does not read these.
CREATE TABLE seen (
	target {own} REFERENCES targets (id),
	ids    {bytes} NOT NULL
);

CREATE TABLE credentials (
	id         {key}  PRIMARY KEY,
	status     TEXT   NOT NULL,
	first_run  BIGINT NOT NULL,
	first_at   BIGINT NOT NULL,
	first_seen BIGINT NOT NULL,
	last_run   BIGINT NOT NULL,
	gone_at    BIGINT NOT NULL,
	facets     TEXT   NOT NULL,
	doc        {bytes} NOT NULL
);

-- What a credential was from one judged run on. seq orders judgements; started is that of the run, which may be forgotten.
CREATE TABLE versions (
	credential {key}  NOT NULL,
	run        BIGINT NOT NULL,
	seq        BIGINT NOT NULL,
	started    BIGINT NOT NULL,
	status     TEXT   NOT NULL,
	gone_at    BIGINT NOT NULL,
	facets     TEXT   NOT NULL,
	doc        {bytes} NOT NULL,
	PRIMARY KEY (credential, run)
);
CREATE INDEX versions_run ON versions (run);

CREATE TABLE changes (
	run        BIGINT NOT NULL,
	credential {key}  NOT NULL,
	at         BIGINT NOT NULL,
	what       TEXT   NOT NULL,
	was        TEXT   NOT NULL,
	is_now     TEXT   NOT NULL,
	detail     TEXT   NOT NULL,
	PRIMARY KEY (run, credential)
){rowless};
CREATE INDEX changes_credential ON changes (credential);

-- Notices, references and rows of inventories of a judged run, many to a row.
CREATE TABLE items (
	run  BIGINT NOT NULL,
	part BIGINT NOT NULL,
	doc  {bytes} NOT NULL,
	PRIMARY KEY (run, part)
);

-- A judged run in figures; they outlive the run.
CREATE TABLE points (
	run {own},
	at  BIGINT NOT NULL,
	doc {bytes} NOT NULL
);

-- Lists of a provider as it answered last, for conditional requests.
CREATE TABLE answers (
	question {key}  PRIMARY KEY,
	etag     TEXT   NOT NULL,
	at       BIGINT NOT NULL,
	body     {bytes} NOT NULL
);

CREATE TABLE inventories (
	name  {key}  PRIMARY KEY,
	as_of BIGINT NOT NULL,
	body  {bytes} NOT NULL
);
