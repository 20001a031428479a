-- Who may come in: keys of programs, accounts of people, and their sessions. Of every secret that lets somebody in there is
-- a hash here, and no more. See docs/guides/access.md.

create domain humdrum.access_role as text check (value in ('viewer', 'operator', 'moderator', 'admin'));

create table humdrum.api_key (
  id           text                primary key, -- the part of it that is no secret
  name         text                not null,
  role         humdrum.access_role not null,
  scopes       text[],                          -- like jobs:read. Null: all that the role may
  secret_hash  bytea               not null check (octet_length(secret_hash) = 32),
  created_at   timestamptz         not null,
  expires_at   timestamptz,
  last_used_at timestamptz,                     -- to the minute
  revoked_at   timestamptz,
  check (array_to_string(scopes, ' ', '-') ~ '^[a-z]+:(read|write)( [a-z]+:(read|write))*$')
);
create unique index api_key_name on humdrum.api_key (name) where revoked_at is null;

create table humdrum.account (
  id          bigint              generated always as identity primary key,
  name        text                not null unique,
  role        humdrum.access_role not null,
  password    text,                             -- scrypt with its parameters. Null: comes from elsewhere
  issuer      text,                             -- of OpenID Connect, and who it is there
  subject     text,
  created_at  timestamptz         not null,
  disabled_at timestamptz,
  unique (issuer, subject),
  check ((issuer is null) = (subject is null)),
  check (password is null or issuer is null)
);

-- A browser that somebody has logged in with: of an account, or of nobody who has one, with a role of its own.
create table humdrum.session (
  token_hash bytea       primary key check (octet_length(token_hash) = 32),
  account_id bigint      references humdrum.account,
  role       humdrum.access_role,
  created_at timestamptz not null,
  seen_at    timestamptz not null,              -- to the minute
  expires_at timestamptz not null,
  check ((account_id is null) = (role is not null))
);
create index session_account_id on humdrum.session (account_id);

-- Lets whoever has it in, once.
create table humdrum.login_link (
  token_hash bytea       primary key check (octet_length(token_hash) = 32),
  expires_at timestamptz not null
);

-- Attempts to log in that were not right, by account and by address.
create table humdrum.login_attempt (
  subject  bytea       primary key check (octet_length(subject) = 32), -- a hash: people type passwords into the wrong field
  failures integer     not null check (failures >= 0),
  last_at  timestamptz not null
);
create index login_attempt_last_at on humdrum.login_attempt (last_at);
