// Generated from schemas/ by scripts/generate-types.ts: do not edit; run `npm run generate`.

/** The schemas themselves, as in schemas/. */
export const messageSchemas: readonly object[] = [
  {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "account.json",
    "title": "AccountDocument",
    "description": "A tenant's account: its claims as issued last.",
    "type": "object",
    "additionalProperties": false,
    "required": [
      "kind",
      "name",
      "publicKey",
      "jwt"
    ],
    "properties": {
      "kind": {
        "const": "account"
      },
      "name": {
        "$ref": "names.json#/$defs/name"
      },
      "publicKey": {
        "$ref": "names.json#/$defs/publicKey"
      },
      "jwt": {
        "type": "string"
      },
      "signers": {
        "description": "Public keys that sign users, by role, where another took the place of the one it was founded with.",
        "type": "object",
        "propertyNames": {
          "enum": [
            "service",
            "gateway",
            "leaf"
          ]
        },
        "additionalProperties": {
          "$ref": "names.json#/$defs/publicKey"
        }
      },
      "removed": {
        "description": "True where the tenant is being removed: its claims let nobody in, and are not issued otherwise again.",
        "const": true
      }
    }
  },
  {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "admin-messages.json",
    "title": "AdminMessages",
    "description": "What an administrator's command line and the registry say to each other on admin.>.",
    "type": "object",
    "properties": {
      "applyRequest": {
        "$ref": "#/$defs/applyRequest"
      },
      "applyReply": {
        "$ref": "#/$defs/applyReply"
      },
      "getRequest": {
        "$ref": "#/$defs/getRequest"
      },
      "getReply": {
        "$ref": "#/$defs/getReply"
      },
      "issueRequest": {
        "$ref": "#/$defs/issueRequest"
      },
      "issueReply": {
        "$ref": "#/$defs/issueReply"
      },
      "consoleRequest": {
        "$ref": "#/$defs/consoleRequest"
      },
      "consoleReply": {
        "$ref": "#/$defs/consoleReply"
      },
      "explainRequest": {
        "$ref": "#/$defs/explainRequest"
      },
      "explainReply": {
        "$ref": "#/$defs/explainReply"
      },
      "statusReply": {
        "$ref": "#/$defs/statusReply"
      },
      "revokeRequest": {
        "$ref": "#/$defs/revokeRequest"
      },
      "revokeReply": {
        "$ref": "#/$defs/revokeReply"
      },
      "revokeSiteRequest": {
        "$ref": "#/$defs/revokeSiteRequest"
      },
      "revokeSiteReply": {
        "$ref": "#/$defs/revokeSiteReply"
      },
      "inviteRequest": {
        "$ref": "#/$defs/inviteRequest"
      },
      "inviteReply": {
        "$ref": "#/$defs/inviteReply"
      },
      "uninviteRequest": {
        "$ref": "#/$defs/uninviteRequest"
      },
      "uninviteReply": {
        "$ref": "#/$defs/uninviteReply"
      },
      "removeSiteRequest": {
        "$ref": "#/$defs/removeSiteRequest"
      },
      "inForceRequest": {
        "$ref": "#/$defs/inForceRequest"
      },
      "inForceReply": {
        "$ref": "#/$defs/inForceReply"
      },
      "standing": {
        "$ref": "#/$defs/standing"
      },
      "deleteRequest": {
        "$ref": "#/$defs/deleteRequest"
      },
      "deleteReply": {
        "$ref": "#/$defs/deleteReply"
      },
      "rotateSigningRequest": {
        "$ref": "#/$defs/rotateSigningRequest"
      },
      "rotateSigningReply": {
        "$ref": "#/$defs/rotateSigningReply"
      },
      "rotateSiteRequest": {
        "$ref": "#/$defs/rotateSiteRequest"
      },
      "rotateSiteReply": {
        "$ref": "#/$defs/rotateSiteReply"
      },
      "rotateServiceRequest": {
        "$ref": "#/$defs/rotateServiceRequest"
      },
      "rotateServiceReply": {
        "$ref": "#/$defs/rotateServiceReply"
      },
      "addTenantRequest": {
        "$ref": "#/$defs/addTenantRequest"
      },
      "addTenantReply": {
        "$ref": "#/$defs/addTenantReply"
      },
      "removeTenantRequest": {
        "$ref": "#/$defs/removeTenantRequest"
      },
      "removeTenantReply": {
        "$ref": "#/$defs/removeTenantReply"
      }
    },
    "$defs": {
      "applyRequest": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "documents"
        ],
        "properties": {
          "documents": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1000,
            "items": {
              "type": "object",
              "additionalProperties": true
            }
          },
          "dryRun": {
            "type": "boolean"
          },
          "set": {
            "description": "Name of the set that these documents are managed as; only what a set made is ever pruned by it.",
            "$ref": "names.json#/$defs/name"
          },
          "prune": {
            "description": "Delete what the set made before and these documents do not hold, of the tenants concerned.",
            "type": "boolean"
          },
          "tenant": {
            "description": "The one tenant to prune; where absent, those of the documents.",
            "$ref": "names.json#/$defs/name"
          },
          "force": {
            "description": "Prune also APIs that are served.",
            "type": "boolean"
          },
          "access": {
            "description": "Say who gains and loses access; a dry run always does.",
            "type": "boolean"
          }
        }
      },
      "applyReply": {
        "type": "object",
        "required": [
          "revision",
          "changes"
        ],
        "properties": {
          "revision": {
            "$ref": "names.json#/$defs/revision"
          },
          "since": {
            "description": "The oldest revision that these documents stand at: of one that is unchanged, an earlier one. All that was changed from then on is in force where this is waited for.",
            "$ref": "names.json#/$defs/revision"
          },
          "changes": {
            "type": "array",
            "items": {
              "type": "object",
              "required": [
                "kind",
                "name",
                "change"
              ],
              "properties": {
                "kind": {
                  "type": "string"
                },
                "tenant": {
                  "type": "string"
                },
                "name": {
                  "type": "string"
                },
                "change": {
                  "enum": [
                    "created",
                    "changed",
                    "unchanged",
                    "deleted"
                  ]
                },
                "differences": {
                  "description": "Of a manifest that is changed: what is other than in the one that stands. None breaks a caller.",
                  "type": "array",
                  "items": {
                    "type": "object",
                    "required": [
                      "pointer",
                      "what"
                    ],
                    "properties": {
                      "pointer": {
                        "type": "string"
                      },
                      "what": {
                        "type": "string"
                      }
                    }
                  }
                },
                "fields": {
                  "description": "Of what is changed: the fields that are other than they were.",
                  "type": "array",
                  "items": {
                    "type": "object",
                    "required": [
                      "pointer"
                    ],
                    "properties": {
                      "pointer": {
                        "type": "string"
                      },
                      "before": {
                        "description": "As JSON, perhaps cut short; absent where the field was not there.",
                        "type": "string"
                      },
                      "after": {
                        "type": "string"
                      }
                    }
                  }
                }
              }
            }
          },
          "warnings": {
            "description": "What was applied and is perhaps not what was meant.",
            "type": "array",
            "items": {
              "type": "object",
              "required": [
                "pointer",
                "problem"
              ],
              "properties": {
                "pointer": {
                  "description": "The place in the request: /documents/0/from/site.",
                  "type": "string"
                },
                "problem": {
                  "type": "string"
                }
              }
            }
          },
          "access": {
            "$ref": "#/$defs/accessChanges"
          }
        }
      },
      "getRequest": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "kind"
        ],
        "properties": {
          "kind": {
            "enum": [
              "apis",
              "policies",
              "sites",
              "invitations",
              "services",
              "instances",
              "routes"
            ]
          },
          "name": {
            "type": "string",
            "maxLength": 255
          }
        }
      },
      "getReply": {
        "type": "object",
        "required": [
          "revision",
          "items"
        ],
        "properties": {
          "revision": {
            "$ref": "names.json#/$defs/revision"
          },
          "items": {
            "type": "array",
            "items": {
              "type": "object",
              "additionalProperties": true
            }
          }
        }
      },
      "issueRequest": {
        "description": "Sign a key that was made where it will be used, as a service of this tenant and site.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "tenant",
          "site",
          "service",
          "key"
        ],
        "properties": {
          "tenant": {
            "$ref": "names.json#/$defs/name"
          },
          "site": {
            "$ref": "names.json#/$defs/name"
          },
          "service": {
            "$ref": "names.json#/$defs/name"
          },
          "key": {
            "$ref": "names.json#/$defs/publicKey"
          },
          "labels": {
            "$ref": "names.json#/$defs/labels"
          }
        }
      },
      "issueReply": {
        "type": "object",
        "required": [
          "jwt",
          "revision"
        ],
        "properties": {
          "jwt": {
            "type": "string"
          },
          "revision": {
            "$ref": "names.json#/$defs/revision"
          }
        }
      },
      "consoleRequest": {
        "description": "Make an ops user and its consumers on AUDIT and FLOW.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "key",
          "tenant"
        ],
        "properties": {
          "key": {
            "$ref": "names.json#/$defs/publicKey"
          },
          "tenant": {
            "description": "A tenant, or `any` for all (the fabric's administrators only).",
            "$ref": "names.json#/$defs/name"
          },
          "from": {
            "description": "Where the audit consumer starts.",
            "enum": [
              "beginning",
              "now"
            ]
          },
          "after": {
            "description": "Sequence in AUDIT after which to go on; instead of `from`.",
            "type": "integer",
            "minimum": 0
          }
        }
      },
      "consoleReply": {
        "type": "object",
        "required": [
          "jwt",
          "name",
          "pending",
          "signers"
        ],
        "properties": {
          "jwt": {
            "type": "string"
          },
          "name": {
            "description": "The ops user's name. Records come to `_INBOX.ops.<tenant>.<name>.audit`, counters to `….flow`, as soon as someone listens there.",
            "$ref": "names.json#/$defs/name"
          },
          "signers": {
            "description": "Public keys that sign blocks: site.gateway to the keys.",
            "type": "object",
            "additionalProperties": {
              "type": "array",
              "items": {
                "$ref": "names.json#/$defs/publicKey"
              }
            }
          },
          "start": {
            "description": "Sequence in AUDIT behind which its records begin.",
            "type": "integer",
            "minimum": 0
          },
          "heartbeat": {
            "description": "While nothing is delivered to someone who listens, the server gives a sign of life every so many ms.",
            "type": "integer",
            "minimum": 1
          },
          "pending": {
            "description": "Messages that wait to be delivered: records and counters.",
            "type": "object",
            "required": [
              "audit",
              "flow"
            ],
            "properties": {
              "audit": {
                "type": "integer",
                "minimum": 0
              },
              "flow": {
                "type": "integer",
                "minimum": 0
              }
            }
          },
          "acts": {
            "description": "Last block of each chain of administrators’ acts, by tenant; `any` is the fabric’s.",
            "type": "object",
            "additionalProperties": {
              "type": "integer",
              "minimum": 0
            }
          }
        }
      },
      "explainRequest": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "tenant",
          "from",
          "to"
        ],
        "properties": {
          "tenant": {
            "$ref": "names.json#/$defs/name"
          },
          "from": {
            "type": "object",
            "additionalProperties": false,
            "required": [
              "site",
              "service"
            ],
            "properties": {
              "site": {
                "$ref": "names.json#/$defs/name"
              },
              "service": {
                "$ref": "names.json#/$defs/name"
              }
            }
          },
          "to": {
            "type": "object",
            "additionalProperties": false,
            "required": [
              "service",
              "major",
              "endpoint"
            ],
            "properties": {
              "service": {
                "$ref": "names.json#/$defs/name"
              },
              "major": {
                "$ref": "names.json#/$defs/major"
              },
              "endpoint": {
                "$ref": "names.json#/$defs/endpoint"
              },
              "site": {
                "$ref": "names.json#/$defs/name"
              }
            }
          },
          "policies": {
            "description": "Policies to decide by as if they were applied; one that stands under the same name is put aside.",
            "type": "array",
            "maxItems": 100,
            "items": {
              "type": "object",
              "additionalProperties": true
            }
          }
        }
      },
      "explainReply": {
        "type": "object",
        "required": [
          "sites"
        ],
        "properties": {
          "omittedSites": {
            "description": "Sites that serve the API, too, and are not listed: ask for one of them. Absent where there are none.",
            "type": "integer",
            "minimum": 1
          },
          "sites": {
            "description": "One decision for each site that serves the API, or for the one asked about.",
            "type": "array",
            "items": {
              "type": "object",
              "required": [
                "site",
                "decision",
                "code",
                "policy",
                "reason",
                "limits"
              ],
              "properties": {
                "site": {
                  "$ref": "names.json#/$defs/name"
                },
                "decision": {
                  "enum": [
                    "allow",
                    "deny"
                  ]
                },
                "code": {
                  "type": "string"
                },
                "policy": {
                  "type": [
                    "string",
                    "null"
                  ]
                },
                "reason": {
                  "type": "string"
                },
                "audit": {
                  "description": "Of a call that is allowed: whether its reply waits for its record.",
                  "enum": [
                    "prompt",
                    "strict"
                  ]
                },
                "limits": {
                  "type": "array",
                  "items": {
                    "type": "object",
                    "required": [
                      "policy"
                    ],
                    "properties": {
                      "policy": {
                        "type": "string"
                      },
                      "rate": {
                        "type": "number"
                      },
                      "burst": {
                        "type": "integer"
                      },
                      "concurrency": {
                        "type": "integer"
                      },
                      "bytesPerSecond": {
                        "type": "integer"
                      },
                      "payload": {
                        "type": "integer"
                      },
                      "quota": {
                        "$ref": "policy.json#/$defs/quota"
                      }
                    }
                  }
                },
                "route": {
                  "description": "Of a call that is allowed and names no site: how its caller tries them, and by which policy.",
                  "type": "object",
                  "required": [
                    "policy"
                  ],
                  "properties": {
                    "policy": {
                      "type": "string"
                    },
                    "order": {
                      "description": "Sites that it may call, best first.",
                      "type": "array",
                      "items": {
                        "$ref": "names.json#/$defs/name"
                      }
                    },
                    "weights": {
                      "type": "object",
                      "additionalProperties": {
                        "type": "integer"
                      }
                    }
                  }
                },
                "lease": {
                  "description": "Of a call that is allowed: milliseconds for which its site may be without the registry.",
                  "type": "integer"
                },
                "until": {
                  "description": "When a policy begins or ends that may change the decision.",
                  "$ref": "names.json#/$defs/millis"
                },
                "considered": {
                  "description": "Policies of the tenant, those first that came nearest to the call.",
                  "type": "array",
                  "items": {
                    "type": "object",
                    "required": [
                      "policy",
                      "effect",
                      "matched"
                    ],
                    "properties": {
                      "policy": {
                        "type": "string"
                      },
                      "effect": {
                        "enum": [
                          "allow",
                          "deny"
                        ]
                      },
                      "matched": {
                        "type": "boolean"
                      },
                      "field": {
                        "description": "The first field that the call does not fit.",
                        "type": "string"
                      },
                      "why": {
                        "type": "string"
                      }
                    }
                  }
                },
                "omitted": {
                  "description": "Policies that did not match and are not listed.",
                  "type": "integer",
                  "minimum": 0
                },
                "omittedLimits": {
                  "description": "Policies whose limits hold, too, and are not listed; absent where there are none.",
                  "type": "integer",
                  "minimum": 1
                },
                "omittedMatching": {
                  "description": "Policies that matched and are not listed; absent where there are none.",
                  "type": "integer",
                  "minimum": 1
                },
                "advice": {
                  "description": "What to do for the call to be allowed.",
                  "type": "string"
                },
                "add": {
                  "description": "A policy that allows the call once it is applied.",
                  "type": "object",
                  "additionalProperties": true
                }
              }
            }
          }
        }
      },
      "statusReply": {
        "type": "object",
        "required": [
          "revision",
          "sites",
          "links"
        ],
        "properties": {
          "revision": {
            "$ref": "names.json#/$defs/revision"
          },
          "memory": {
            "description": "What the registry itself has.",
            "$ref": "names.json#/$defs/memory"
          },
          "sites": {
            "type": "array",
            "items": {
              "type": "object",
              "required": [
                "name",
                "wanted",
                "gateways"
              ],
              "properties": {
                "name": {
                  "type": "string"
                },
                "revoked": {
                  "description": "True where the site was cut off.",
                  "const": true
                },
                "gateways": {
                  "type": "array",
                  "items": {
                    "type": "object",
                    "required": [
                      "name",
                      "alive",
                      "revision"
                    ],
                    "properties": {
                      "name": {
                        "type": "string"
                      },
                      "alive": {
                        "type": "boolean"
                      },
                      "revision": {
                        "description": "The newest revision the gateway sent a receipt for; null before the first.",
                        "type": [
                          "integer",
                          "null"
                        ]
                      },
                      "seen": {
                        "description": "Milliseconds since its last renewal; null before the first.",
                        "type": [
                          "integer",
                          "null"
                        ]
                      },
                      "instances": {
                        "type": "integer"
                      },
                      "memory": {
                        "$ref": "names.json#/$defs/memory"
                      }
                    }
                  }
                },
                "serverMemory": {
                  "description": "Memory of the site's server, as its gateway, or at the hub the registry, was told.",
                  "$ref": "names.json#/$defs/memory"
                },
                "recordsRefused": {
                  "description": "Messages of the site’s record stream that the cloud did not take since the registry started: forged, malformed or too large.",
                  "type": "integer",
                  "minimum": 0
                },
                "countersRefused": {
                  "description": "The same of its counter stream.",
                  "type": "integer",
                  "minimum": 0
                },
                "recordLag": {
                  "description": "Messages of the site's AUDIT that the cloud has not yet stored.",
                  "type": "integer"
                },
                "flowLag": {
                  "type": "integer"
                },
                "wanted": {
                  "description": "The last revision that concerns the site: its gateways should have it.",
                  "type": "integer"
                },
                "standing": {
                  "description": "Whether that is in force there; absent of a site that was cut off.",
                  "$ref": "#/$defs/standing"
                },
                "tenants": {
                  "description": "Tenants that are at the site.",
                  "type": "array",
                  "items": {
                    "$ref": "names.json#/$defs/name"
                  }
                },
                "awaited": {
                  "description": "Tenants that are to be there, and that the site has not taken up yet.",
                  "type": "array",
                  "items": {
                    "$ref": "names.json#/$defs/name"
                  }
                },
                "cutOff": {
                  "description": "Links of the site that the watchdog keeps out: the account's name, and why.",
                  "type": "array",
                  "items": {
                    "type": "object",
                    "required": [
                      "account",
                      "reason"
                    ],
                    "properties": {
                      "account": {
                        "type": "string"
                      },
                      "reason": {
                        "type": "string"
                      }
                    }
                  }
                }
              }
            }
          },
          "links": {
            "description": "Leaf links the hub sees: account name and site.",
            "type": "array",
            "items": {
              "type": "object",
              "required": [
                "site",
                "account"
              ],
              "properties": {
                "site": {
                  "type": "string"
                },
                "account": {
                  "type": "string"
                }
              }
            }
          }
        }
      },
      "revokeRequest": {
        "description": "Void all credentials of a service.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "tenant",
          "site",
          "service"
        ],
        "properties": {
          "tenant": {
            "$ref": "names.json#/$defs/name"
          },
          "site": {
            "$ref": "names.json#/$defs/name"
          },
          "service": {
            "$ref": "names.json#/$defs/name"
          },
          "wait": {
            "$ref": "#/$defs/revocationWait"
          }
        }
      },
      "revokeReply": {
        "type": "object",
        "required": [
          "revision",
          "keys"
        ],
        "properties": {
          "revision": {
            "$ref": "names.json#/$defs/revision"
          },
          "since": {
            "description": "The first revision that this made; it may have made several.",
            "$ref": "names.json#/$defs/revision"
          },
          "keys": {
            "description": "Number of keys that are void now.",
            "type": "integer",
            "minimum": 0
          },
          "sites": {
            "description": "Where it is in force, and where that is not known yet.",
            "type": "array",
            "items": {
              "$ref": "#/$defs/revocationReceipt"
            }
          }
        }
      },
      "revokeSiteRequest": {
        "description": "Cut a site off: void the keys of its links, gateways and services. The fabric's administrators only.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "site"
        ],
        "properties": {
          "site": {
            "$ref": "names.json#/$defs/name"
          },
          "wait": {
            "$ref": "#/$defs/revocationWait"
          }
        }
      },
      "revokeSiteReply": {
        "type": "object",
        "required": [
          "revision",
          "keys",
          "services"
        ],
        "properties": {
          "revision": {
            "$ref": "names.json#/$defs/revision"
          },
          "since": {
            "description": "The first revision that this made; it may have made several.",
            "$ref": "names.json#/$defs/revision"
          },
          "keys": {
            "description": "Number of keys that are void now.",
            "type": "integer",
            "minimum": 0
          },
          "services": {
            "description": "Number of the site's services.",
            "type": "integer",
            "minimum": 0
          },
          "sites": {
            "description": "Where it is in force, and where that is not known yet.",
            "type": "array",
            "items": {
              "$ref": "#/$defs/revocationReceipt"
            }
          }
        }
      },
      "inviteRequest": {
        "description": "Invite a new site to join: one redemption, fifteen minutes at most.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "site"
        ],
        "properties": {
          "site": {
            "$ref": "names.json#/$defs/name"
          },
          "tenants": {
            "description": "Tenants that are to be there; all where absent.",
            "type": "array",
            "minItems": 1,
            "maxItems": 1000,
            "items": {
              "$ref": "names.json#/$defs/name"
            }
          },
          "hosts": {
            "description": "Names and addresses that the site's certificate may be for, besides the site's name and this machine's own.",
            "type": "array",
            "maxItems": 32,
            "items": {
              "$ref": "enroll-messages.json#/$defs/host"
            }
          },
          "expires": {
            "description": "Milliseconds until it expires.",
            "type": "integer",
            "minimum": 1000,
            "maximum": 900000
          }
        }
      },
      "inviteReply": {
        "type": "object",
        "required": [
          "token",
          "site",
          "tenants",
          "hosts",
          "expires",
          "revision"
        ],
        "properties": {
          "token": {
            "description": "The invitation itself; kept nowhere.",
            "type": "string"
          },
          "site": {
            "$ref": "names.json#/$defs/name"
          },
          "tenants": {
            "type": "array",
            "items": {
              "$ref": "names.json#/$defs/name"
            }
          },
          "hosts": {
            "type": "array",
            "items": {
              "type": "string"
            }
          },
          "expires": {
            "$ref": "names.json#/$defs/millis"
          },
          "revision": {
            "$ref": "names.json#/$defs/revision"
          }
        }
      },
      "uninviteRequest": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "site"
        ],
        "properties": {
          "site": {
            "$ref": "names.json#/$defs/name"
          }
        }
      },
      "uninviteReply": {
        "type": "object",
        "required": [
          "revision"
        ],
        "properties": {
          "revision": {
            "$ref": "names.json#/$defs/revision"
          }
        }
      },
      "removeSiteRequest": {
        "description": "Cut a site off and delete it with its services. The fabric's administrators only.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "site"
        ],
        "properties": {
          "site": {
            "$ref": "names.json#/$defs/name"
          },
          "force": {
            "description": "Also where it hosts APIs.",
            "type": "boolean"
          }
        }
      },
      "inForceRequest": {
        "description": "Is a revision in force? Answered when it is at all sites that can be reached, or `wait` is over.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "revision"
        ],
        "properties": {
          "revision": {
            "$ref": "names.json#/$defs/revision"
          },
          "since": {
            "description": "Together with all that was changed from this revision on; only the one, where absent.",
            "$ref": "names.json#/$defs/revision"
          },
          "wait": {
            "description": "Milliseconds to wait for receipts.",
            "type": "integer",
            "minimum": 0,
            "maximum": 5000
          }
        }
      },
      "inForceReply": {
        "type": "object",
        "required": [
          "revision",
          "done",
          "sites"
        ],
        "properties": {
          "revision": {
            "$ref": "names.json#/$defs/revision"
          },
          "done": {
            "description": "Whether no site that can be reached is behind.",
            "type": "boolean"
          },
          "sites": {
            "type": "array",
            "items": {
              "$ref": "#/$defs/standing"
            }
          }
        }
      },
      "standing": {
        "description": "How far a site is. One that nothing of it concerns has it in force.",
        "type": "object",
        "required": [
          "site",
          "state",
          "wanted",
          "revision"
        ],
        "properties": {
          "site": {
            "$ref": "names.json#/$defs/name"
          },
          "state": {
            "enum": [
              "in-force",
              "behind",
              "unreachable"
            ]
          },
          "wanted": {
            "description": "The revision that the site must have; null where nothing concerns it.",
            "type": [
              "integer",
              "null"
            ]
          },
          "revision": {
            "description": "The oldest revision that its gateways have in force; null before the first receipt.",
            "type": [
              "integer",
              "null"
            ]
          },
          "behindSince": {
            "description": "When the first change was made that the site does not have; ms.",
            "$ref": "names.json#/$defs/millis"
          },
          "unreachableSince": {
            "description": "When the site was heard of last; ms. Of one that the registry never heard of, when it started.",
            "$ref": "names.json#/$defs/millis"
          }
        }
      },
      "deleteRequest": {
        "description": "Delete one document.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "kind",
          "name"
        ],
        "properties": {
          "kind": {
            "enum": [
              "policy",
              "api",
              "service"
            ]
          },
          "tenant": {
            "description": "Whose; may be left out where there is only one.",
            "$ref": "names.json#/$defs/name"
          },
          "site": {
            "description": "Of a service.",
            "$ref": "names.json#/$defs/name"
          },
          "name": {
            "description": "A policy's or service's name, or an API's: `quotes.v1`.",
            "type": "string",
            "minLength": 1,
            "maxLength": 255
          },
          "force": {
            "description": "Also where something uses it; revokes a service that has keys.",
            "type": "boolean"
          }
        }
      },
      "deleteReply": {
        "type": "object",
        "required": [
          "revision",
          "kind",
          "tenant",
          "name",
          "sites",
          "keys"
        ],
        "properties": {
          "revision": {
            "$ref": "names.json#/$defs/revision"
          },
          "since": {
            "description": "The first revision that this made; it may have made several.",
            "$ref": "names.json#/$defs/revision"
          },
          "kind": {
            "type": "string"
          },
          "tenant": {
            "type": "string"
          },
          "name": {
            "type": "string"
          },
          "sites": {
            "description": "Sites that served a deleted API, and do so no longer; the site of a service.",
            "type": "array",
            "items": {
              "type": "string"
            }
          },
          "keys": {
            "description": "Keys of the service that were void or are so now.",
            "type": "integer",
            "minimum": 0
          }
        }
      },
      "accessChanges": {
        "description": "Calls of identities that there are whose decision would be another, for each endpoint and each site that serves it.",
        "type": "object",
        "required": [
          "gained",
          "lost",
          "changed",
          "entries",
          "omitted"
        ],
        "properties": {
          "gained": {
            "type": "integer",
            "minimum": 0
          },
          "lost": {
            "type": "integer",
            "minimum": 0
          },
          "changed": {
            "description": "Allowed before and after, under other limits or terms.",
            "type": "integer",
            "minimum": 0
          },
          "entries": {
            "type": "array",
            "items": {
              "type": "object",
              "required": [
                "change",
                "tenant",
                "from",
                "api",
                "endpoint",
                "site",
                "policy"
              ],
              "properties": {
                "change": {
                  "enum": [
                    "gained",
                    "lost",
                    "changed"
                  ]
                },
                "tenant": {
                  "type": "string"
                },
                "from": {
                  "description": "SITE/SERVICE of the caller.",
                  "type": "string"
                },
                "api": {
                  "type": "string"
                },
                "endpoint": {
                  "type": "string"
                },
                "site": {
                  "description": "The site that serves it.",
                  "type": "string"
                },
                "policy": {
                  "description": "The policy that decides afterwards; null where none matches.",
                  "type": [
                    "string",
                    "null"
                  ]
                },
                "reason": {
                  "type": "string"
                },
                "before": {
                  "description": "Of what is changed: the terms of the call, as JSON.",
                  "type": "string"
                },
                "after": {
                  "type": "string"
                }
              }
            }
          },
          "omitted": {
            "description": "Differences that are counted and not listed.",
            "type": "integer",
            "minimum": 0
          },
          "unchecked": {
            "description": "True where there are more calls than were compared.",
            "const": true
          }
        }
      },
      "revocationWait": {
        "description": "Milliseconds that the reply waits for the receipts of sites that can be reached; 2,000 where absent.",
        "type": "integer",
        "minimum": 0,
        "maximum": 8000
      },
      "revocationReceipt": {
        "description": "Whether a change is in force at a site, as far as its gateways have said so.",
        "type": "object",
        "required": [
          "site",
          "inForce"
        ],
        "properties": {
          "site": {
            "$ref": "names.json#/$defs/name"
          },
          "inForce": {
            "description": "True where every gateway of the site has acknowledged it; false where that is not known yet.",
            "type": "boolean"
          },
          "seen": {
            "description": "Where it is not known: milliseconds since the site was heard of last; null where it was not since the registry started.",
            "type": [
              "integer",
              "null"
            ],
            "minimum": 0
          },
          "lease": {
            "description": "Where it is not known: a site that cannot hear of it admits calls for so many milliseconds at most since it last heard anything, the longest offline lease of the policies.",
            "type": "integer",
            "minimum": 0
          },
          "cutOff": {
            "description": "Present for a site that was cut off itself: it hears nothing any more, and others hear nothing of it.",
            "const": true
          }
        }
      },
      "rotateSigningRequest": {
        "description": "Replace the keys that sign the users of an account; with finish, void those before. The fabric's administrators only.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "account"
        ],
        "properties": {
          "account": {
            "description": "A tenant, or CONTROL.",
            "type": "string"
          },
          "finish": {
            "type": "boolean"
          },
          "force": {
            "description": "Also where users are left that the keys before have signed: they are refused from then on.",
            "type": "boolean"
          },
          "wait": {
            "$ref": "#/$defs/revocationWait"
          }
        }
      },
      "rotateSigningReply": {
        "type": "object",
        "required": [
          "revision",
          "state",
          "sites",
          "services"
        ],
        "properties": {
          "revision": {
            "$ref": "names.json#/$defs/revision"
          },
          "state": {
            "description": "told: sites know the new keys, or not yet; used: users are signed by them; finished: those before are void.",
            "enum": [
              "told",
              "used",
              "finished"
            ]
          },
          "sites": {
            "type": "array",
            "items": {
              "$ref": "#/$defs/revocationReceipt"
            }
          },
          "services": {
            "description": "Services that still have credentials signed by a key of before, as TENANT/SITE/NAME.",
            "type": "array",
            "items": {
              "type": "string"
            }
          }
        }
      },
      "rotateSiteRequest": {
        "description": "Ask a site to replace the keys of its gateway, or of its links. The fabric's administrators only.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "site",
          "role"
        ],
        "properties": {
          "site": {
            "$ref": "names.json#/$defs/name"
          },
          "role": {
            "enum": [
              "gateway",
              "leaf"
            ]
          }
        }
      },
      "rotateSiteReply": {
        "type": "object",
        "required": [
          "revision",
          "id"
        ],
        "properties": {
          "revision": {
            "$ref": "names.json#/$defs/revision"
          },
          "id": {
            "description": "Names the asking; that of before where the site has not yet done as it was asked.",
            "$ref": "names.json#/$defs/token"
          }
        }
      },
      "rotateServiceRequest": {
        "description": "Sign a new key of a service, and void its others some time later.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "tenant",
          "site",
          "service",
          "key",
          "grace"
        ],
        "properties": {
          "tenant": {
            "$ref": "names.json#/$defs/name"
          },
          "site": {
            "$ref": "names.json#/$defs/name"
          },
          "service": {
            "$ref": "names.json#/$defs/name"
          },
          "key": {
            "$ref": "names.json#/$defs/publicKey"
          },
          "grace": {
            "description": "Milliseconds for which the keys that there are stay valid beside it.",
            "type": "integer",
            "minimum": 0,
            "maximum": 2592000000
          }
        }
      },
      "rotateServiceReply": {
        "type": "object",
        "required": [
          "jwt",
          "revision",
          "retiring"
        ],
        "properties": {
          "jwt": {
            "type": "string"
          },
          "revision": {
            "$ref": "names.json#/$defs/revision"
          },
          "retiring": {
            "description": "The keys that were replaced, and when they become void: ms since the epoch.",
            "type": "object",
            "additionalProperties": {
              "$ref": "names.json#/$defs/millis"
            }
          }
        }
      },
      "addTenantRequest": {
        "description": "Found a tenant, or bring one that there is to further sites. The fabric's administrators only.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "tenant"
        ],
        "properties": {
          "tenant": {
            "$ref": "names.json#/$defs/name"
          },
          "sites": {
            "description": "All sites where absent.",
            "type": "array",
            "minItems": 1,
            "maxItems": 1000,
            "items": {
              "$ref": "names.json#/$defs/name"
            }
          }
        }
      },
      "addTenantReply": {
        "type": "object",
        "required": [
          "revision",
          "tenant",
          "account",
          "sites"
        ],
        "properties": {
          "revision": {
            "$ref": "names.json#/$defs/revision"
          },
          "tenant": {
            "$ref": "names.json#/$defs/name"
          },
          "account": {
            "description": "Public key of its account.",
            "type": "string"
          },
          "sites": {
            "description": "Where it is, or will be once the site has made its keys.",
            "type": "array",
            "items": {
              "$ref": "names.json#/$defs/name"
            }
          }
        }
      },
      "removeTenantRequest": {
        "description": "Take a tenant away from one site, or from the fabric for good. The fabric's administrators only.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "tenant"
        ],
        "properties": {
          "tenant": {
            "$ref": "names.json#/$defs/name"
          },
          "site": {
            "$ref": "names.json#/$defs/name"
          },
          "force": {
            "description": "Also where it is in use: what uses it is deleted too.",
            "type": "boolean"
          }
        }
      },
      "removeTenantReply": {
        "type": "object",
        "required": [
          "revision",
          "tenant",
          "sites",
          "keys",
          "deleted"
        ],
        "properties": {
          "revision": {
            "$ref": "names.json#/$defs/revision"
          },
          "tenant": {
            "$ref": "names.json#/$defs/name"
          },
          "sites": {
            "description": "Where it was.",
            "type": "array",
            "items": {
              "$ref": "names.json#/$defs/name"
            }
          },
          "keys": {
            "description": "How many keys of users are void now.",
            "type": "integer"
          },
          "deleted": {
            "description": "How many services, APIs and policies were deleted with it.",
            "type": "integer"
          }
        }
      }
    }
  },
  {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "admin-record.json",
    "title": "AdminRecord",
    "description": "One act of an administrator on one document: who did what, before and after; or one that was refused. Public parts alone.",
    "type": "object",
    "additionalProperties": false,
    "required": [
      "at",
      "tenant",
      "admin",
      "op",
      "key",
      "revision",
      "before",
      "after"
    ],
    "properties": {
      "at": {
        "$ref": "names.json#/$defs/millis"
      },
      "tenant": {
        "$ref": "names.json#/$defs/name"
      },
      "admin": {
        "$ref": "names.json#/$defs/name"
      },
      "op": {
        "type": "string",
        "pattern": "^[a-z-]{1,32}$"
      },
      "key": {
        "description": "Key of the document in the registry's bucket.",
        "type": "string"
      },
      "revision": {
        "$ref": "names.json#/$defs/revision"
      },
      "before": {
        "type": [
          "object",
          "null"
        ],
        "additionalProperties": true
      },
      "after": {
        "type": [
          "object",
          "null"
        ],
        "additionalProperties": true
      },
      "scope": {
        "description": "The tenant whose administrator it is; `any` for the fabric’s.",
        "$ref": "names.json#/$defs/name"
      },
      "refused": {
        "description": "Of an act that was not done: why.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "code",
          "reason"
        ],
        "properties": {
          "code": {
            "type": "string",
            "pattern": "^[A-Z_]{1,40}$"
          },
          "reason": {
            "type": "string",
            "maxLength": 500
          },
          "count": {
            "description": "How many such refusals of one administrator the record stands for; 1 where absent.",
            "type": "integer",
            "minimum": 1
          }
        }
      }
    }
  },
  {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "compiled.json",
    "title": "Compiled",
    "description": "The values of the bucket `compiled`: all that one site needs, and nothing else. Each is one key below the site's name.",
    "type": "object",
    "properties": {
      "servedApi": {
        "$ref": "#/$defs/servedApi"
      },
      "visibleApis": {
        "$ref": "#/$defs/visibleApis"
      },
      "idleApis": {
        "$ref": "#/$defs/idleApis"
      },
      "account": {
        "$ref": "#/$defs/account"
      },
      "user": {
        "$ref": "#/$defs/user"
      },
      "knownCallers": {
        "$ref": "#/$defs/knownCallers"
      },
      "rekey": {
        "$ref": "#/$defs/rekey"
      },
      "tenantMark": {
        "$ref": "#/$defs/tenantMark"
      },
      "revisionMark": {
        "$ref": "#/$defs/revisionMark"
      },
      "positionMark": {
        "$ref": "#/$defs/positionMark"
      }
    },
    "$defs": {
      "knownCallers": {
        "description": "Key callers.<tenant>.<site>.<shard>: the identities of a caller site that there are, of those whose names fall into the shard.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "names"
        ],
        "properties": {
          "names": {
            "type": "array",
            "items": {
              "$ref": "names.json#/$defs/name"
            }
          },
          "revoked": {
            "description": "Those that have no credentials that are valid.",
            "type": "array",
            "items": {
              "$ref": "names.json#/$defs/name"
            }
          }
        }
      },
      "rekey": {
        "description": "Key rekey: the site is asked to replace the keys of these roles; each asking has a name.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
          "gateway": {
            "$ref": "names.json#/$defs/token"
          },
          "leaf": {
            "$ref": "names.json#/$defs/token"
          }
        }
      },
      "servedApi": {
        "description": "Key serve.<tenant>.<service>.v<major>: an API that the site serves, who may knock, and the rules.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "tenant",
          "manifest",
          "routes",
          "rules"
        ],
        "properties": {
          "tenant": {
            "$ref": "names.json#/$defs/name"
          },
          "manifest": {
            "$ref": "manifest.json"
          },
          "routes": {
            "description": "Caller sites that some policy admits (the site itself always), with the secret queue-group names.",
            "type": "object",
            "propertyNames": {
              "$ref": "names.json#/$defs/name"
            },
            "additionalProperties": {
              "type": "object",
              "additionalProperties": false,
              "required": [
                "named",
                "any"
              ],
              "properties": {
                "named": {
                  "type": "string"
                },
                "any": {
                  "type": "string"
                }
              }
            }
          },
          "rules": {
            "description": "The policies that can match a call to this API at this site, in the order of their names.",
            "type": "array",
            "items": {
              "$ref": "#/$defs/rule"
            }
          }
        }
      },
      "rule": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "policy",
          "from",
          "endpoints",
          "effect"
        ],
        "properties": {
          "policy": {
            "$ref": "names.json#/$defs/name"
          },
          "from": {
            "type": "object",
            "additionalProperties": false,
            "required": [
              "site",
              "service"
            ],
            "properties": {
              "site": {
                "$ref": "names.json#/$defs/nameGlob"
              },
              "service": {
                "$ref": "names.json#/$defs/nameGlob"
              },
              "callers": {
                "description": "Of a policy that selects callers by label: those there are, as site/service, instead of all that the other two mean.",
                "type": "array",
                "items": {
                  "type": "string",
                  "pattern": "^[a-z0-9-]{1,63}/[a-z0-9-]{1,63}$"
                }
              }
            }
          },
          "endpoints": {
            "type": "array",
            "items": {
              "$ref": "names.json#/$defs/endpointOrAny"
            }
          },
          "effect": {
            "enum": [
              "allow",
              "deny"
            ]
          },
          "limits": {
            "type": "object",
            "additionalProperties": false,
            "properties": {
              "rate": {
                "type": "number",
                "exclusiveMinimum": 0
              },
              "burst": {
                "type": "integer",
                "minimum": 1
              },
              "concurrency": {
                "type": "integer",
                "minimum": 1
              },
              "bytesPerSecond": {
                "type": "integer",
                "minimum": 1
              },
              "payload": {
                "type": "integer",
                "minimum": 1
              },
              "quota": {
                "$ref": "policy.json#/$defs/quota"
              }
            }
          },
          "audit": {
            "description": "Absent where the reply need not wait for the record.",
            "const": "strict"
          },
          "notBefore": {
            "$ref": "names.json#/$defs/millis"
          },
          "expires": {
            "$ref": "names.json#/$defs/millis"
          },
          "lease": {
            "description": "Milliseconds; those of 24 hours where absent.",
            "type": "integer",
            "minimum": 1
          },
          "reason": {
            "type": "string"
          }
        }
      },
      "visibleApis": {
        "description": "Key see.<tenant>.<service>: what that service of the site may discover.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "apis"
        ],
        "properties": {
          "apis": {
            "type": "array",
            "items": {
              "$ref": "service-messages.json#/$defs/discoveredApi"
            }
          }
        }
      },
      "idleApis": {
        "description": "Key idle.<tenant>: of the APIs that services of the site see, the other sites that have no healthy instance now.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "apis"
        ],
        "properties": {
          "apis": {
            "description": "Service and major, as quotes.v1, to sites.",
            "type": "object",
            "propertyNames": {
              "pattern": "^[a-z0-9-]{1,63}\\.v[0-9]{1,4}$"
            },
            "additionalProperties": {
              "type": "array",
              "items": {
                "$ref": "names.json#/$defs/name"
              }
            }
          }
        }
      },
      "account": {
        "description": "Key account.<public key>: claims of an account that the site's server must know.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "jwt"
        ],
        "properties": {
          "jwt": {
            "type": "string"
          }
        }
      },
      "user": {
        "description": "Key user.<tenant>.<role>: a re-issued user JWT of the site's gateway or leaf; its seed never left the site.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "id",
          "jwt"
        ],
        "properties": {
          "id": {
            "description": "Names this issue in receipts.",
            "type": "string"
          },
          "jwt": {
            "type": "string"
          }
        }
      },
      "tenantMark": {
        "description": "Key tenant.<name>: a tenant that is at the site, or is to be once the site has made its keys.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "account"
        ],
        "properties": {
          "account": {
            "$ref": "names.json#/$defs/publicKey"
          }
        }
      },
      "revisionMark": {
        "description": "Key revision: written last; all that came before it belongs to this revision.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "revision"
        ],
        "properties": {
          "revision": {
            "$ref": "names.json#/$defs/revision"
          }
        }
      },
      "positionMark": {
        "description": "Key position, at an edge alone: how far its copy goes of the hub's bucket.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "position"
        ],
        "properties": {
          "position": {
            "type": "integer",
            "minimum": 0
          },
          "bucket": {
            "description": "When the hub's bucket was made, as the registry said.",
            "type": "string"
          }
        }
      }
    }
  },
  {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "control-messages.json",
    "title": "ControlMessages",
    "description": "What a gateway and the registry say to each other on control.>, and the registry's announcements.",
    "type": "object",
    "properties": {
      "publishRequest": {
        "$ref": "#/$defs/publishRequest"
      },
      "publishReply": {
        "$ref": "#/$defs/publishReply"
      },
      "beatRequest": {
        "$ref": "#/$defs/beatRequest"
      },
      "beatReply": {
        "$ref": "#/$defs/beatReply"
      },
      "quotaRequest": {
        "$ref": "#/$defs/quotaRequest"
      },
      "quotaReply": {
        "$ref": "#/$defs/quotaReply"
      },
      "receipt": {
        "$ref": "#/$defs/receipt"
      },
      "tenantKeys": {
        "$ref": "#/$defs/tenantKeys"
      },
      "announcement": {
        "$ref": "#/$defs/announcement"
      },
      "rekeyRequest": {
        "$ref": "#/$defs/rekeyRequest"
      },
      "rekeyReply": {
        "$ref": "#/$defs/rekeyReply"
      },
      "compiledRequest": {
        "$ref": "#/$defs/compiledRequest"
      },
      "compiledReply": {
        "$ref": "#/$defs/compiledReply"
      },
      "certificateRequest": {
        "$ref": "#/$defs/certificateRequest"
      },
      "certificateReply": {
        "$ref": "#/$defs/certificateReply"
      }
    },
    "$defs": {
      "rekeyRequest": {
        "description": "control.<site>.rekey: the site made new keys, as it was asked to; or, with done, it uses them.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "gateway",
          "role",
          "id",
          "keys"
        ],
        "properties": {
          "gateway": {
            "$ref": "names.json#/$defs/name"
          },
          "role": {
            "enum": [
              "gateway",
              "leaf"
            ]
          },
          "id": {
            "description": "Names the asking.",
            "$ref": "names.json#/$defs/token"
          },
          "keys": {
            "description": "The new public keys, by tenant.",
            "type": "object",
            "maxProperties": 1000,
            "propertyNames": {
              "$ref": "names.json#/$defs/name"
            },
            "additionalProperties": {
              "$ref": "names.json#/$defs/publicKey"
            }
          },
          "own": {
            "description": "Of the site itself: the gateway's that signs its blocks, or of its own link.",
            "$ref": "names.json#/$defs/publicKey"
          },
          "done": {
            "const": true
          }
        }
      },
      "rekeyReply": {
        "type": "object",
        "required": [
          "time",
          "revision"
        ],
        "properties": {
          "time": {
            "$ref": "names.json#/$defs/millis"
          },
          "revision": {
            "$ref": "names.json#/$defs/revision"
          }
        }
      },
      "publishRequest": {
        "description": "control.<site>.register: a service of the site registered these APIs.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "protocol",
          "gateway",
          "tenant",
          "service",
          "apis"
        ],
        "properties": {
          "protocol": {
            "type": "integer",
            "minimum": 1
          },
          "gateway": {
            "$ref": "names.json#/$defs/name"
          },
          "tenant": {
            "$ref": "names.json#/$defs/name"
          },
          "service": {
            "$ref": "names.json#/$defs/name"
          },
          "apis": {
            "type": "array",
            "minItems": 1,
            "maxItems": 16,
            "items": {
              "$ref": "manifest.json"
            }
          }
        }
      },
      "publishReply": {
        "type": "object",
        "required": [
          "revision",
          "time"
        ],
        "properties": {
          "revision": {
            "$ref": "names.json#/$defs/revision"
          },
          "time": {
            "$ref": "names.json#/$defs/millis"
          }
        }
      },
      "beatRequest": {
        "description": "control.<site>.renew: the gateway is alive; the reply's time also measures its clock's offset.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "protocol",
          "gateway",
          "revision"
        ],
        "properties": {
          "protocol": {
            "type": "integer",
            "minimum": 1
          },
          "gateway": {
            "$ref": "names.json#/$defs/name"
          },
          "revision": {
            "$ref": "names.json#/$defs/revision"
          },
          "instances": {
            "description": "Instances registered at the gateway: tenant.service to their number.",
            "type": "object",
            "additionalProperties": {
              "type": "integer",
              "minimum": 0
            }
          },
          "serving": {
            "description": "The APIs that have a healthy instance at the gateway; only for a registry whose replies say that it takes it.",
            "type": "object",
            "additionalProperties": false,
            "required": [
              "complete",
              "apis"
            ],
            "properties": {
              "complete": {
                "description": "False where the gateway has just started, and instances may not have come back to it yet.",
                "type": "boolean"
              },
              "apis": {
                "description": "tenant.service to major versions.",
                "type": "object",
                "additionalProperties": {
                  "type": "array",
                  "maxItems": 16,
                  "items": {
                    "$ref": "names.json#/$defs/major"
                  }
                }
              }
            }
          },
          "memory": {
            "description": "Memory of the gateway's process; only for a registry whose replies say that it takes it.",
            "$ref": "names.json#/$defs/memory"
          },
          "serverMemory": {
            "description": "The same of the site's server, where the gateway may ask it.",
            "$ref": "names.json#/$defs/memory"
          }
        }
      },
      "beatReply": {
        "type": "object",
        "required": [
          "time",
          "revision"
        ],
        "properties": {
          "time": {
            "$ref": "names.json#/$defs/millis"
          },
          "revision": {
            "$ref": "names.json#/$defs/revision"
          },
          "position": {
            "description": "The last position in the registry's bucket that concerns the site: another than the site's means that it lacks something, be it of the same revision.",
            "type": "integer",
            "minimum": 0
          },
          "bucket": {
            "description": "When the registry's bucket was made: another than before is a hub made anew.",
            "type": "string"
          },
          "takes": {
            "description": "Further fields of a renewal that this registry takes; one that says nothing takes none.",
            "type": "array",
            "items": {
              "type": "string"
            }
          },
          "confirmed": {
            "description": "How far the cloud has stored the site's records; absent where it has none yet.",
            "type": "object",
            "required": [
              "sequence",
              "created"
            ],
            "properties": {
              "sequence": {
                "type": "integer",
                "minimum": 0
              },
              "created": {
                "description": "When the consumer was made that the sequence belongs to.",
                "type": "string"
              }
            }
          }
        }
      },
      "quotaRequest": {
        "description": "control.<site>.quota: shares of quotas that the gateway wants to spend, or gives back.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "gateway",
          "shares"
        ],
        "properties": {
          "gateway": {
            "$ref": "names.json#/$defs/name"
          },
          "shares": {
            "type": "array",
            "minItems": 1,
            "maxItems": 128,
            "items": {
              "type": "object",
              "additionalProperties": false,
              "required": [
                "tenant",
                "policy",
                "from",
                "unit",
                "window",
                "start",
                "need"
              ],
              "properties": {
                "tenant": {
                  "$ref": "names.json#/$defs/name"
                },
                "policy": {
                  "$ref": "names.json#/$defs/name"
                },
                "from": {
                  "type": "object",
                  "additionalProperties": false,
                  "required": [
                    "site",
                    "service"
                  ],
                  "properties": {
                    "site": {
                      "$ref": "names.json#/$defs/name"
                    },
                    "service": {
                      "$ref": "names.json#/$defs/name"
                    }
                  }
                },
                "unit": {
                  "enum": [
                    "calls",
                    "bytes"
                  ]
                },
                "window": {
                  "enum": [
                    "minute",
                    "hour",
                    "day"
                  ]
                },
                "start": {
                  "description": "When the window began.",
                  "$ref": "names.json#/$defs/millis"
                },
                "need": {
                  "description": "How much of it is waited for; the registry gives as much as that where there is, or more.",
                  "type": "integer",
                  "minimum": 0,
                  "maximum": 9007199254740991
                },
                "back": {
                  "description": "How much is given back instead; nothing is granted then.",
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 9007199254740991
                }
              }
            }
          }
        }
      },
      "quotaReply": {
        "type": "object",
        "required": [
          "time",
          "shares"
        ],
        "properties": {
          "time": {
            "$ref": "names.json#/$defs/millis"
          },
          "shares": {
            "description": "One for each that was asked for, in their order.",
            "type": "array",
            "items": {
              "type": "object",
              "required": [
                "granted"
              ],
              "properties": {
                "granted": {
                  "type": "integer",
                  "minimum": 0,
                  "maximum": 9007199254740991
                },
                "refused": {
                  "description": "Why there is none, where it is not that the quota is used up.",
                  "type": "string"
                }
              }
            }
          }
        }
      },
      "receipt": {
        "description": "control.<site>.receipt: this revision is in force at this gateway.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "gateway",
          "revision"
        ],
        "properties": {
          "gateway": {
            "$ref": "names.json#/$defs/name"
          },
          "revision": {
            "$ref": "names.json#/$defs/revision"
          },
          "users": {
            "description": "Ids of the re-issued users whose credentials files have been written.",
            "type": "array",
            "items": {
              "type": "string"
            }
          }
        }
      },
      "tenantKeys": {
        "description": "control.<site>.tenant: the keys that the site made for a tenant which is to be there. Only public keys travel.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "gateway",
          "tenant",
          "keys"
        ],
        "properties": {
          "gateway": {
            "$ref": "names.json#/$defs/name"
          },
          "tenant": {
            "$ref": "names.json#/$defs/name"
          },
          "keys": {
            "type": "object",
            "additionalProperties": false,
            "required": [
              "gateway"
            ],
            "properties": {
              "gateway": {
                "$ref": "names.json#/$defs/publicKey"
              },
              "leaf": {
                "$ref": "names.json#/$defs/publicKey"
              }
            }
          }
        }
      },
      "announcement": {
        "description": "discovery.<tenant>.<service>.v<major>.<event>",
        "type": "object",
        "required": [
          "tenant",
          "service",
          "major",
          "version",
          "revision",
          "sites"
        ],
        "properties": {
          "tenant": {
            "$ref": "names.json#/$defs/name"
          },
          "service": {
            "$ref": "names.json#/$defs/name"
          },
          "major": {
            "$ref": "names.json#/$defs/major"
          },
          "version": {
            "type": "string"
          },
          "deprecated": {
            "$ref": "manifest.json#/$defs/deprecation"
          },
          "revision": {
            "$ref": "names.json#/$defs/revision"
          },
          "sites": {
            "type": "array",
            "items": {
              "$ref": "names.json#/$defs/name"
            }
          }
        }
      },
      "compiledRequest": {
        "description": "control.<site>.compiled: what changed for the site since a position.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "gateway",
          "since"
        ],
        "properties": {
          "gateway": {
            "$ref": "names.json#/$defs/name"
          },
          "since": {
            "description": "Position reached before; 0 for all.",
            "type": "integer",
            "minimum": 0
          },
          "bucket": {
            "description": "The bucket that the position belongs to, as a reply named it; absent where none did.",
            "type": "string"
          }
        }
      },
      "compiledReply": {
        "type": "object",
        "required": [
          "time",
          "position",
          "full",
          "more",
          "entries"
        ],
        "properties": {
          "time": {
            "$ref": "names.json#/$defs/millis"
          },
          "position": {
            "description": "Position reached with these entries.",
            "type": "integer",
            "minimum": 0
          },
          "bucket": {
            "description": "When the bucket was made that the position belongs to.",
            "type": "string"
          },
          "full": {
            "description": "True where what is not among the keys of this and the following replies is void.",
            "type": "boolean"
          },
          "more": {
            "description": "True where there is more from the position on.",
            "type": "boolean"
          },
          "entries": {
            "type": "array",
            "items": {
              "type": "object",
              "required": [
                "key"
              ],
              "properties": {
                "key": {
                  "type": "string"
                },
                "value": {
                  "description": "Absent where the key was deleted.",
                  "type": "object",
                  "additionalProperties": true
                }
              }
            }
          }
        }
      },
      "certificateRequest": {
        "description": "control.<site>.certificate: a new certificate for the site's server.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "gateway",
          "certificate"
        ],
        "properties": {
          "gateway": {
            "$ref": "names.json#/$defs/name"
          },
          "certificate": {
            "description": "PKCS #10 (RFC 2986), PEM.",
            "type": "string",
            "maxLength": 8192
          },
          "certificateDays": {
            "type": "number",
            "exclusiveMinimum": 0
          }
        }
      },
      "certificateReply": {
        "type": "object",
        "required": [
          "certificate",
          "time"
        ],
        "properties": {
          "certificate": {
            "type": "string"
          },
          "time": {
            "$ref": "names.json#/$defs/millis"
          }
        }
      }
    }
  },
  {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "enroll-messages.json",
    "title": "EnrollMessages",
    "description": "What a joining site and the registry say to each other on enroll.<grant>. Only public keys travel.",
    "type": "object",
    "properties": {
      "enrollRequest": {
        "$ref": "#/$defs/enrollRequest"
      },
      "enrollReply": {
        "$ref": "#/$defs/enrollReply"
      },
      "enrolled": {
        "$ref": "#/$defs/enrolled"
      }
    },
    "$defs": {
      "accountKey": {
        "type": "string",
        "pattern": "^A[A-Z2-7]{55}$"
      },
      "userKey": {
        "type": "string",
        "pattern": "^U[A-Z2-7]{55}$"
      },
      "host": {
        "description": "A name of DNS or an address.",
        "type": "string",
        "pattern": "^[A-Za-z0-9.:-]{1,253}$"
      },
      "joiningKeys": {
        "description": "Public halves of all keys that the joining site made.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "account",
          "system",
          "leaf",
          "gateway",
          "tenants"
        ],
        "properties": {
          "account": {
            "description": "The site's own account site-<site>, and the signing keys of its roles.",
            "type": "object",
            "additionalProperties": false,
            "required": [
              "key",
              "signers"
            ],
            "properties": {
              "key": {
                "$ref": "#/$defs/accountKey"
              },
              "signers": {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 16,
                "propertyNames": {
                  "$ref": "names.json#/$defs/name"
                },
                "additionalProperties": {
                  "$ref": "#/$defs/accountKey"
                }
              }
            }
          },
          "system": {
            "description": "The system account of the site's server.",
            "type": "object",
            "additionalProperties": false,
            "required": [
              "key",
              "signers"
            ],
            "properties": {
              "key": {
                "$ref": "#/$defs/accountKey"
              },
              "signers": {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 16,
                "propertyNames": {
                  "$ref": "names.json#/$defs/name"
                },
                "additionalProperties": {
                  "$ref": "#/$defs/accountKey"
                }
              }
            }
          },
          "leaf": {
            "description": "The site's leaf user in CONTROL.",
            "$ref": "#/$defs/userKey"
          },
          "gateway": {
            "description": "The user of the site's gateway in its own account: it signs blocks.",
            "$ref": "#/$defs/userKey"
          },
          "tenants": {
            "description": "The site's users in each tenant's account.",
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1000,
            "propertyNames": {
              "$ref": "names.json#/$defs/name"
            },
            "additionalProperties": {
              "type": "object",
              "additionalProperties": false,
              "required": [
                "gateway",
                "leaf"
              ],
              "properties": {
                "gateway": {
                  "$ref": "#/$defs/userKey"
                },
                "leaf": {
                  "$ref": "#/$defs/userKey"
                }
              }
            }
          }
        }
      },
      "enrollRequest": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "keys",
          "certificate",
          "answerTo",
          "signatures",
          "proof"
        ],
        "properties": {
          "keys": {
            "$ref": "#/$defs/joiningKeys"
          },
          "certificate": {
            "description": "The request for the certificate of the site's server: PKCS #10 (RFC 2986), PEM.",
            "type": "string",
            "maxLength": 8192
          },
          "certificateDays": {
            "description": "How long the certificate shall be good, in days; the registry's own measure is the most.",
            "type": "number",
            "exclusiveMinimum": 0
          },
          "answerTo": {
            "description": "Public X25519 key, base64url: the answer is sealed for it.",
            "type": "string",
            "pattern": "^[A-Za-z0-9_-]{43}$"
          },
          "signatures": {
            "description": "Of the canonical JSON of all else but the proof, by the keys of the two accounts: nobody is given claims for an account that is not his.",
            "type": "object",
            "additionalProperties": false,
            "required": [
              "account",
              "system"
            ],
            "properties": {
              "account": {
                "type": "string",
                "pattern": "^[A-Za-z0-9_-]{86}$"
              },
              "system": {
                "type": "string",
                "pattern": "^[A-Za-z0-9_-]{86}$"
              }
            }
          },
          "proof": {
            "description": "That the sender has the invitation's secret: its public NKey, and its signature of the canonical JSON of all else but the signatures, base64url.",
            "type": "object",
            "additionalProperties": false,
            "required": [
              "key",
              "signature"
            ],
            "properties": {
              "key": {
                "$ref": "#/$defs/userKey"
              },
              "signature": {
                "type": "string",
                "pattern": "^[A-Za-z0-9_-]{86}$"
              }
            }
          }
        }
      },
      "enrollReply": {
        "description": "Sealed, since whoever has the invitation's JWT alone could listen: X25519 with a key made for this answer, HKDF-SHA-256, AES-256-GCM with the tag at the end. Holds an `enrolled`.",
        "type": "object",
        "required": [
          "key",
          "iv",
          "data"
        ],
        "properties": {
          "key": {
            "type": "string"
          },
          "iv": {
            "type": "string"
          },
          "data": {
            "type": "string"
          }
        }
      },
      "enrolled": {
        "type": "object",
        "required": [
          "time",
          "site",
          "operator",
          "gateway",
          "accounts",
          "users",
          "certificate",
          "hub"
        ],
        "properties": {
          "time": {
            "$ref": "names.json#/$defs/millis"
          },
          "site": {
            "$ref": "names.json#/$defs/name"
          },
          "operator": {
            "description": "The operator's JWT.",
            "type": "string"
          },
          "accounts": {
            "description": "Account claims by their names: the site's own, its system account, and its tenants'.",
            "type": "object",
            "additionalProperties": {
              "type": "string"
            }
          },
          "users": {
            "type": "object",
            "required": [
              "leaf",
              "tenants"
            ],
            "properties": {
              "leaf": {
                "type": "string"
              },
              "tenants": {
                "type": "object",
                "additionalProperties": {
                  "type": "object",
                  "required": [
                    "gateway",
                    "leaf"
                  ],
                  "properties": {
                    "gateway": {
                      "type": "string"
                    },
                    "leaf": {
                      "type": "string"
                    }
                  }
                }
              }
            }
          },
          "certificate": {
            "description": "The server's certificate with those between it and the authority, PEM.",
            "type": "string"
          },
          "hub": {
            "description": "Where leaf nodes enter the hub: tls://host:port.",
            "type": "string"
          },
          "gateway": {
            "description": "What the site's gateway is called.",
            "$ref": "names.json#/$defs/name"
          }
        }
      }
    }
  },
  {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "invitation.json",
    "title": "Invitation",
    "description": "An invitation of a site to join, as the registry keeps it: of its secret no more than a hash.",
    "type": "object",
    "additionalProperties": false,
    "required": [
      "kind",
      "site",
      "grant",
      "verifier",
      "tenants",
      "hosts",
      "created",
      "expires",
      "by"
    ],
    "properties": {
      "kind": {
        "const": "invitation"
      },
      "site": {
        "$ref": "names.json#/$defs/name"
      },
      "grant": {
        "$ref": "names.json#/$defs/token"
      },
      "verifier": {
        "description": "SHA-256 of the public half of the secret, hexadecimal.",
        "type": "string",
        "pattern": "^[0-9a-f]{64}$"
      },
      "tenants": {
        "type": "array",
        "minItems": 1,
        "items": {
          "$ref": "names.json#/$defs/name"
        }
      },
      "hosts": {
        "description": "Names and addresses that the site's certificate may be for.",
        "type": "array",
        "items": {
          "type": "string"
        }
      },
      "created": {
        "$ref": "names.json#/$defs/millis"
      },
      "expires": {
        "$ref": "names.json#/$defs/millis"
      },
      "by": {
        "description": "The administrator who made it.",
        "type": "string"
      },
      "redeemed": {
        "description": "Set once it was: when, and a hash of the public keys it was redeemed with, which alone may ask again.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "at",
          "keys"
        ],
        "properties": {
          "at": {
            "$ref": "names.json#/$defs/millis"
          },
          "keys": {
            "type": "string",
            "pattern": "^[0-9a-f]{64}$"
          }
        }
      }
    }
  },
  {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "manifest.json",
    "title": "Manifest",
    "description": "The published description of an API: a service name and a major version, with its endpoints.",
    "type": "object",
    "additionalProperties": false,
    "required": [
      "kind",
      "service",
      "version",
      "endpoints"
    ],
    "properties": {
      "kind": {
        "const": "api"
      },
      "tenant": {
        "description": "The tenant that owns the API; where a service publishes it, its own.",
        "$ref": "names.json#/$defs/name"
      },
      "service": {
        "$ref": "names.json#/$defs/name"
      },
      "version": {
        "description": "major.minor.patch; the major is part of every call's subject.",
        "type": "string",
        "pattern": "^(0|[1-9]\\d{0,3})\\.(0|[1-9]\\d{0,5})\\.(0|[1-9]\\d{0,5})$"
      },
      "description": {
        "type": "string",
        "maxLength": 4096
      },
      "owner": {
        "description": "Who answers for the API: a team, a person, a way to reach them.",
        "type": "string",
        "minLength": 1,
        "maxLength": 256
      },
      "deprecated": {
        "$ref": "#/$defs/deprecation"
      },
      "$defs": {
        "description": "Schemas that those of endpoints may refer to: `#/$defs/NAME`.",
        "type": "object",
        "maxProperties": 512,
        "additionalProperties": {
          "type": [
            "object",
            "boolean"
          ],
          "additionalProperties": true
        }
      },
      "endpoints": {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 256,
        "propertyNames": {
          "$ref": "names.json#/$defs/endpoint"
        },
        "additionalProperties": {
          "$ref": "#/$defs/endpointDescription"
        }
      }
    },
    "$defs": {
      "deprecation": {
        "title": "Deprecation",
        "description": "An API that callers should leave. It is served as before.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "date"
        ],
        "properties": {
          "date": {
            "description": "The first day (UTC) on which it is deprecated, as YYYY-MM-DD; it may lie ahead.",
            "type": "string",
            "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
          },
          "note": {
            "description": "What to call instead, and until when.",
            "type": "string",
            "maxLength": 1024
          }
        }
      },
      "endpointDescription": {
        "title": "EndpointDescription",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "request",
          "reply"
        ],
        "properties": {
          "description": {
            "type": "string",
            "maxLength": 4096
          },
          "request": {
            "description": "JSON Schema 2020-12 of the request body.",
            "type": [
              "object",
              "boolean"
            ],
            "additionalProperties": true
          },
          "reply": {
            "description": "JSON Schema 2020-12 of the reply body.",
            "type": [
              "object",
              "boolean"
            ],
            "additionalProperties": true
          },
          "examples": {
            "description": "Calls as they may be made; the request, and the reply where there is one, fit the schemas.",
            "type": "array",
            "maxItems": 20,
            "items": {
              "type": "object",
              "additionalProperties": false,
              "required": [
                "request"
              ],
              "properties": {
                "description": {
                  "type": "string",
                  "maxLength": 1024
                },
                "request": true,
                "reply": true
              }
            }
          },
          "idempotent": {
            "description": "True where a repeated call does no harm, so that a caller may retry it.",
            "type": "boolean"
          },
          "checkReply": {
            "description": "True where the gateway checks every reply against its schema, and answers INVALID_REPLY for one that does not fit.",
            "type": "boolean"
          },
          "maxRequestBytes": {
            "description": "Largest request body the gateway lets through, in bytes; 262144 where absent.",
            "type": "integer",
            "minimum": 1,
            "maximum": 1000000
          },
          "maxReplyBytes": {
            "description": "Largest reply body the gateway passes on, in bytes; 1000000 where absent.",
            "type": "integer",
            "minimum": 1,
            "maximum": 1000000
          }
        }
      }
    }
  },
  {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "names.json",
    "title": "Names",
    "description": "The tokens that all other schemas are made of.",
    "$defs": {
      "name": {
        "description": "A tenant, site, service, gateway or policy: one subject token.",
        "type": "string",
        "pattern": "^[a-z0-9-]{1,63}$"
      },
      "nameGlob": {
        "description": "A name, in which each * stands for any number of characters, also none; * alone is any name.",
        "type": "string",
        "pattern": "^[a-z0-9*-]{1,63}$"
      },
      "endpoint": {
        "description": "An endpoint of an API; may be camelCase.",
        "type": "string",
        "pattern": "^[A-Za-z0-9-]{1,63}$"
      },
      "endpointOrAny": {
        "type": "string",
        "pattern": "^(\\*|[A-Za-z0-9-]{1,63})$"
      },
      "endpointGlob": {
        "description": "An endpoint, in which each * stands for any number of characters, also none; * alone is any endpoint.",
        "type": "string",
        "pattern": "^[A-Za-z0-9*-]{1,63}$"
      },
      "token": {
        "description": "A connection or call token.",
        "type": "string",
        "pattern": "^[A-Za-z0-9_-]{1,64}$"
      },
      "major": {
        "type": "integer",
        "minimum": 0,
        "maximum": 9999
      },
      "labels": {
        "description": "What administrators say of an identity.",
        "type": "object",
        "propertyNames": {
          "pattern": "^[a-z0-9][a-z0-9./-]{0,62}$"
        },
        "additionalProperties": {
          "type": "string",
          "maxLength": 255
        }
      },
      "labelSelector": {
        "description": "Labels that an identity must bear, every one of them; * stands in their values for any number of characters, also none.",
        "type": "object",
        "minProperties": 1,
        "maxProperties": 16,
        "propertyNames": {
          "pattern": "^[a-z0-9][a-z0-9./-]{0,62}$"
        },
        "additionalProperties": {
          "type": "string",
          "maxLength": 255
        }
      },
      "timestamp": {
        "description": "A time as in RFC 3339, with its offset from UTC: 2026-12-24T18:00:00Z.",
        "type": "string",
        "pattern": "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,3})?)?(Z|[+-]\\d{2}:\\d{2})$"
      },
      "duration": {
        "description": "A whole number of seconds, minutes, hours or days: 30s, 15m, 24h, 7d.",
        "type": "string",
        "pattern": "^[1-9][0-9]{0,8}(s|m|h|d)$"
      },
      "revision": {
        "description": "A revision of the fabric's documents: the sequence of the registry's bucket.",
        "type": "integer",
        "minimum": 0
      },
      "millis": {
        "description": "Milliseconds since the Unix epoch, on the hub's clock.",
        "type": "integer",
        "minimum": 0,
        "maximum": 9007199254740991
      },
      "memory": {
        "description": "Memory of a process: resident bytes (RSS), and how many milliseconds ago that was.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "rss",
          "age"
        ],
        "properties": {
          "rss": {
            "description": "Bytes.",
            "type": "integer",
            "minimum": 0,
            "maximum": 1125899906842624
          },
          "age": {
            "description": "Milliseconds.",
            "type": "integer",
            "minimum": 0,
            "maximum": 9007199254740991
          }
        }
      },
      "publicKey": {
        "description": "The public half of an NKey.",
        "type": "string",
        "pattern": "^[A-Z2-7]{56}$"
      }
    }
  },
  {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "policy.json",
    "title": "Policy",
    "description": "Who may call which API's endpoints at which sites, under which limits. Deny beats allow; nothing matching means no access.",
    "type": "object",
    "additionalProperties": false,
    "required": [
      "kind",
      "name",
      "from",
      "to",
      "effect"
    ],
    "properties": {
      "kind": {
        "const": "policy"
      },
      "tenant": {
        "description": "The tenant whose services the policy is about; where absent, the one named with `apply --tenant`.",
        "$ref": "names.json#/$defs/name"
      },
      "name": {
        "$ref": "names.json#/$defs/name"
      },
      "description": {
        "type": "string",
        "maxLength": 4096
      },
      "from": {
        "description": "The callers meant. A field left out means any.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
          "tenant": {
            "description": "The policy’s own tenant, if any is named: no call crosses from one tenant to another.",
            "$ref": "names.json#/$defs/name"
          },
          "site": {
            "$ref": "names.json#/$defs/nameGlob"
          },
          "service": {
            "$ref": "names.json#/$defs/nameGlob"
          },
          "labels": {
            "$ref": "names.json#/$defs/labelSelector"
          }
        }
      },
      "to": {
        "description": "The API meant, and the sites that serve it; labels are those of the identity that serves it there. A field left out means any.",
        "type": "object",
        "additionalProperties": false,
        "required": [
          "service"
        ],
        "properties": {
          "tenant": {
            "description": "The policy’s own tenant, if any is named: no call crosses from one tenant to another.",
            "$ref": "names.json#/$defs/name"
          },
          "service": {
            "$ref": "names.json#/$defs/nameGlob"
          },
          "major": {
            "$ref": "names.json#/$defs/major"
          },
          "endpoints": {
            "type": "array",
            "minItems": 1,
            "maxItems": 256,
            "items": {
              "$ref": "names.json#/$defs/endpointGlob"
            }
          },
          "site": {
            "$ref": "names.json#/$defs/nameGlob"
          },
          "labels": {
            "$ref": "names.json#/$defs/labelSelector"
          }
        }
      },
      "effect": {
        "enum": [
          "allow",
          "deny"
        ]
      },
      "limits": {
        "description": "What one caller may use under this policy: a quota in the whole fabric, all else at one serving site.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
          "rate": {
            "description": "Calls per second, on average.",
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 1000000
          },
          "burst": {
            "description": "Calls that may come at once after a pause; `rate` rounded up where absent.",
            "type": "integer",
            "minimum": 1,
            "maximum": 1000000
          },
          "concurrency": {
            "description": "Calls under way at the same time.",
            "type": "integer",
            "minimum": 1,
            "maximum": 1000000
          },
          "bytesPerSecond": {
            "description": "Bytes of requests and replies per second, on average; as many may come at once after a pause.",
            "type": "integer",
            "minimum": 1,
            "maximum": 1000000000
          },
          "payload": {
            "description": "Bytes of a request, and of its reply, at most; beside what the manifest says.",
            "type": "integer",
            "minimum": 1,
            "maximum": 1000000
          },
          "quota": {
            "$ref": "#/$defs/quota"
          }
        },
        "dependentRequired": {
          "burst": [
            "rate"
          ]
        }
      },
      "route": {
        "$ref": "#/$defs/route"
      },
      "audit": {
        "description": "When a call that it allows is answered: `prompt` (where absent), at once; `strict`, when its record is stored. Strict beats prompt.",
        "enum": [
          "prompt",
          "strict"
        ]
      },
      "notBefore": {
        "description": "From when on the policy counts, on the hub’s clock.",
        "$ref": "names.json#/$defs/timestamp"
      },
      "expires": {
        "description": "From when on it counts no longer.",
        "$ref": "names.json#/$defs/timestamp"
      },
      "offline": {
        "description": "For how long a site that hears nothing from the registry goes on admitting calls by this policy; 24h where absent. The shortest of all that allow a call counts.",
        "$ref": "names.json#/$defs/duration"
      },
      "reason": {
        "description": "Of a deny: why, as a refused caller is told who may know that the API exists.",
        "type": "string",
        "minLength": 1,
        "maxLength": 200
      }
    },
    "$defs": {
      "quota": {
        "description": "What one caller may use under a policy in the whole fabric, in windows of the hub's clock, UTC: calls that were handed to a service, and bytes of their requests and replies.",
        "type": "object",
        "additionalProperties": false,
        "minProperties": 1,
        "properties": {
          "calls": {
            "$ref": "#/$defs/windows"
          },
          "bytes": {
            "$ref": "#/$defs/windows"
          }
        }
      },
      "windows": {
        "description": "How much in each minute, hour or day.",
        "type": "object",
        "additionalProperties": false,
        "minProperties": 1,
        "properties": {
          "minute": {
            "$ref": "#/$defs/amount"
          },
          "hour": {
            "$ref": "#/$defs/amount"
          },
          "day": {
            "$ref": "#/$defs/amount"
          }
        }
      },
      "amount": {
        "type": "integer",
        "minimum": 1,
        "maximum": 1000000000000000
      },
      "route": {
        "description": "How its callers try the sites that serve the API and that they may call; those it does not name come last.",
        "type": "object",
        "additionalProperties": false,
        "minProperties": 1,
        "maxProperties": 1,
        "properties": {
          "order": {
            "description": "One after the other, as they stand here.",
            "type": "array",
            "minItems": 1,
            "maxItems": 64,
            "uniqueItems": true,
            "items": {
              "$ref": "names.json#/$defs/name"
            }
          },
          "weights": {
            "description": "Each with its share of the calls: its weight by the sum of all.",
            "type": "object",
            "minProperties": 1,
            "maxProperties": 64,
            "propertyNames": {
              "$ref": "names.json#/$defs/name"
            },
            "additionalProperties": {
              "type": "integer",
              "minimum": 1,
              "maximum": 1000000
            }
          }
        }
      }
    }
  },
  {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "record.json",
    "title": "AuditRecord",
    "description": "One access, as the gateway that decided it saw it. Never payloads, never addresses.",
    "type": "object",
    "additionalProperties": false,
    "required": [
      "call",
      "at",
      "tenant",
      "from",
      "to",
      "site",
      "decision",
      "policy",
      "code",
      "requestBytes",
      "replyBytes",
      "durationMicros"
    ],
    "properties": {
      "call": {
        "description": "The caller's call id.",
        "$ref": "names.json#/$defs/token"
      },
      "at": {
        "$ref": "names.json#/$defs/millis"
      },
      "tenant": {
        "$ref": "names.json#/$defs/name"
      },
      "from": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "site",
          "service"
        ],
        "properties": {
          "site": {
            "$ref": "names.json#/$defs/name"
          },
          "service": {
            "$ref": "names.json#/$defs/name"
          }
        }
      },
      "to": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "service",
          "major",
          "endpoint"
        ],
        "properties": {
          "service": {
            "$ref": "names.json#/$defs/name"
          },
          "major": {
            "$ref": "names.json#/$defs/major"
          },
          "endpoint": {
            "$ref": "names.json#/$defs/endpoint"
          },
          "requested": {
            "description": "The site the caller asked for; `any` where it left the choice.",
            "$ref": "names.json#/$defs/name"
          }
        }
      },
      "site": {
        "description": "The site whose gateway decided.",
        "$ref": "names.json#/$defs/name"
      },
      "decision": {
        "description": "allowed: handed to an instance. denied: no permission. limited: permitted, but over a limit. failed: permitted, but not carried out. reported: never reached a gateway, said by the caller.",
        "enum": [
          "allowed",
          "denied",
          "limited",
          "failed",
          "reported"
        ]
      },
      "policy": {
        "description": "Name of the deciding policy document; null where none matched.",
        "type": [
          "string",
          "null"
        ]
      },
      "code": {
        "description": "OK, or the error code that was answered.",
        "type": "string",
        "pattern": "^[A-Z_]{2,40}$"
      },
      "reason": {
        "description": "The true code, where the caller was told another: DENIED for a caller that was told NO_ROUTE.",
        "type": "string",
        "maxLength": 1024
      },
      "requestBytes": {
        "type": "integer",
        "minimum": 0
      },
      "replyBytes": {
        "type": "integer",
        "minimum": 0
      },
      "durationMicros": {
        "description": "From the gateway's receipt of the request to its reply, in microseconds.",
        "type": "integer",
        "minimum": 0
      },
      "instance": {
        "$ref": "names.json#/$defs/name"
      },
      "trace": {
        "description": "Trace id of the W3C traceparent header.",
        "type": "string",
        "pattern": "^[0-9a-f]{32}$"
      },
      "count": {
        "description": "How many equal refusals this record stands for; 1 where absent.",
        "type": "integer",
        "minimum": 1
      }
    }
  },
  {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "refusal.json",
    "title": "Refusal",
    "description": "The body of an error reply. Code and number are API, the reason is for people.",
    "type": "object",
    "required": [
      "code",
      "number",
      "reason"
    ],
    "properties": {
      "code": {
        "type": "string"
      },
      "number": {
        "type": "integer"
      },
      "reason": {
        "type": "string"
      },
      "retryAfter": {
        "description": "Milliseconds to wait before the same call can be admitted.",
        "type": "integer",
        "minimum": 0
      },
      "pointer": {
        "description": "JSON pointer (RFC 6901) of the place of the fault in the request.",
        "type": "string"
      },
      "differences": {
        "description": "Of INCOMPATIBLE_API: what would break callers, each at its place in the manifest.",
        "type": "array",
        "maxItems": 500,
        "items": {
          "title": "BreakingDifference",
          "type": "object",
          "required": [
            "pointer",
            "why"
          ],
          "properties": {
            "pointer": {
              "type": "string"
            },
            "before": {
              "description": "What stood there, as JSON; absent where there was nothing.",
              "type": "string"
            },
            "after": {
              "description": "What stands there now, as JSON; absent where there is nothing.",
              "type": "string"
            },
            "why": {
              "type": "string"
            }
          }
        }
      }
    }
  },
  {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "service-messages.json",
    "title": "ServiceMessages",
    "description": "What services and their site's gateway say to each other on registry.> and notify.>.",
    "type": "object",
    "properties": {
      "registerRequest": {
        "$ref": "#/$defs/registerRequest"
      },
      "renewRequest": {
        "$ref": "#/$defs/renewRequest"
      },
      "leaseReply": {
        "$ref": "#/$defs/leaseReply"
      },
      "withdrawRequest": {
        "$ref": "#/$defs/withdrawRequest"
      },
      "discoverRequest": {
        "$ref": "#/$defs/discoverRequest"
      },
      "discoverReply": {
        "$ref": "#/$defs/discoverReply"
      },
      "noRouteReport": {
        "$ref": "#/$defs/noRouteReport"
      },
      "notification": {
        "$ref": "#/$defs/notification"
      }
    },
    "$defs": {
      "protocol": {
        "description": "Version of Causeway's protocol that the sender speaks.",
        "type": "integer",
        "minimum": 1
      },
      "registerRequest": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "protocol",
          "instance",
          "apis"
        ],
        "properties": {
          "protocol": {
            "$ref": "#/$defs/protocol"
          },
          "instance": {
            "$ref": "names.json#/$defs/name"
          },
          "apis": {
            "type": "array",
            "minItems": 1,
            "maxItems": 16,
            "items": {
              "$ref": "manifest.json"
            }
          }
        }
      },
      "renewRequest": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "instance",
          "healthy"
        ],
        "properties": {
          "instance": {
            "$ref": "names.json#/$defs/name"
          },
          "healthy": {
            "type": "boolean"
          }
        }
      },
      "leaseReply": {
        "type": "object",
        "required": [
          "lease",
          "revision",
          "time"
        ],
        "properties": {
          "lease": {
            "description": "Milliseconds until the registration lapses unless renewed.",
            "type": "integer",
            "minimum": 0
          },
          "revision": {
            "$ref": "names.json#/$defs/revision"
          },
          "time": {
            "$ref": "names.json#/$defs/millis"
          }
        }
      },
      "withdrawRequest": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "instance"
        ],
        "properties": {
          "instance": {
            "$ref": "names.json#/$defs/name"
          }
        }
      },
      "discoverRequest": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "protocol"
        ],
        "properties": {
          "protocol": {
            "$ref": "#/$defs/protocol"
          },
          "since": {
            "$ref": "names.json#/$defs/revision"
          },
          "view": {
            "description": "Name of the list that the service has, as a reply gave it; only for a gateway whose replies name theirs.",
            "$ref": "names.json#/$defs/token"
          }
        }
      },
      "discoveredApi": {
        "type": "object",
        "required": [
          "service",
          "major",
          "version",
          "sites",
          "endpoints"
        ],
        "properties": {
          "service": {
            "$ref": "names.json#/$defs/name"
          },
          "major": {
            "$ref": "names.json#/$defs/major"
          },
          "version": {
            "type": "string"
          },
          "description": {
            "type": "string"
          },
          "owner": {
            "type": "string"
          },
          "deprecated": {
            "$ref": "manifest.json#/$defs/deprecation"
          },
          "$defs": {
            "description": "Schemas that those of the endpoints refer to: `#/$defs/NAME`.",
            "type": "object",
            "additionalProperties": {
              "type": [
                "object",
                "boolean"
              ],
              "additionalProperties": true
            }
          },
          "sites": {
            "description": "Sites where the caller may call it, best first.",
            "type": "array",
            "items": {
              "$ref": "names.json#/$defs/name"
            }
          },
          "idle": {
            "description": "Those of the sites that are known to have no healthy instance of it now; they stand last. Absent where there are none.",
            "type": "array",
            "items": {
              "$ref": "names.json#/$defs/name"
            }
          },
          "route": {
            "description": "How a policy has callers try the sites, by name; absent where the nearest that has an instance answers.",
            "type": "object",
            "required": [
              "by"
            ],
            "properties": {
              "by": {
                "description": "In the order of `sites`, or by weight first.",
                "enum": [
                  "order",
                  "weights"
                ]
              },
              "weights": {
                "description": "Sites with their weights; those without come last, in the order of `sites`.",
                "type": "object",
                "additionalProperties": {
                  "type": "integer",
                  "minimum": 1
                }
              }
            }
          },
          "endpoints": {
            "description": "The endpoints that the caller may call, with their schemas.",
            "type": "object",
            "additionalProperties": {
              "$ref": "manifest.json#/$defs/endpointDescription"
            }
          }
        }
      },
      "discoverReply": {
        "type": "object",
        "required": [
          "revision",
          "time",
          "unchanged",
          "apis"
        ],
        "properties": {
          "revision": {
            "$ref": "names.json#/$defs/revision"
          },
          "time": {
            "$ref": "names.json#/$defs/millis"
          },
          "unchanged": {
            "description": "True where the list is the one that was named, or has not changed since the revision asked for; apis is then empty.",
            "type": "boolean"
          },
          "view": {
            "description": "Names the list by what is in it: the same list has the same name, at every gateway.",
            "$ref": "names.json#/$defs/token"
          },
          "epoch": {
            "description": "Names the run of the gateway that answers: what it says later is never older.",
            "$ref": "names.json#/$defs/token"
          },
          "apis": {
            "type": "array",
            "items": {
              "$ref": "#/$defs/discoveredApi"
            }
          }
        }
      },
      "noRouteReport": {
        "type": "object",
        "additionalProperties": false,
        "required": [
          "calls"
        ],
        "properties": {
          "calls": {
            "type": "array",
            "minItems": 1,
            "maxItems": 256,
            "items": {
              "type": "object",
              "additionalProperties": false,
              "required": [
                "call",
                "at",
                "toSite",
                "service",
                "major",
                "endpoint",
                "code",
                "requestBytes"
              ],
              "properties": {
                "call": {
                  "$ref": "names.json#/$defs/token"
                },
                "at": {
                  "$ref": "names.json#/$defs/millis"
                },
                "toSite": {
                  "$ref": "names.json#/$defs/name"
                },
                "service": {
                  "$ref": "names.json#/$defs/name"
                },
                "major": {
                  "$ref": "names.json#/$defs/major"
                },
                "endpoint": {
                  "$ref": "names.json#/$defs/endpoint"
                },
                "code": {
                  "enum": [
                    "NO_ROUTE",
                    "UNREACHABLE"
                  ]
                },
                "requestBytes": {
                  "type": "integer",
                  "minimum": 0,
                  "maximum": 2147483647
                }
              }
            }
          }
        }
      },
      "notification": {
        "description": "Told to a service that may call the API; the event is in the subject.",
        "type": "object",
        "required": [
          "service",
          "major",
          "revision"
        ],
        "properties": {
          "service": {
            "$ref": "names.json#/$defs/name"
          },
          "major": {
            "$ref": "names.json#/$defs/major"
          },
          "revision": {
            "$ref": "names.json#/$defs/revision"
          }
        }
      }
    }
  },
  {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "service.json",
    "title": "Service",
    "description": "An identity: a service name at a site of a tenant. It calls, serves, or both.",
    "type": "object",
    "additionalProperties": false,
    "required": [
      "kind",
      "tenant",
      "site",
      "name",
      "keys"
    ],
    "properties": {
      "kind": {
        "const": "service"
      },
      "tenant": {
        "$ref": "names.json#/$defs/name"
      },
      "site": {
        "$ref": "names.json#/$defs/name"
      },
      "name": {
        "$ref": "names.json#/$defs/name"
      },
      "keys": {
        "description": "Public keys that credentials were issued for.",
        "type": "array",
        "items": {
          "$ref": "names.json#/$defs/publicKey"
        }
      },
      "signers": {
        "description": "Which of the account's keys signed for each of the keys, where that is another than the account was founded with.",
        "type": "object",
        "propertyNames": {
          "$ref": "names.json#/$defs/publicKey"
        },
        "additionalProperties": {
          "$ref": "names.json#/$defs/publicKey"
        }
      },
      "retiring": {
        "description": "Keys that were replaced, and when they are to be void: ms since the epoch on the registry's clock.",
        "type": "object",
        "propertyNames": {
          "$ref": "names.json#/$defs/publicKey"
        },
        "additionalProperties": {
          "$ref": "names.json#/$defs/millis"
        }
      },
      "labels": {
        "$ref": "names.json#/$defs/labels"
      },
      "hosts": {
        "description": "Majors of the API of this name that the service has registered at its site.",
        "type": "array",
        "uniqueItems": true,
        "items": {
          "$ref": "names.json#/$defs/major"
        }
      }
    }
  },
  {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "site.json",
    "title": "Site",
    "description": "A place with its own NATS server and gateway. Only public keys are kept.",
    "type": "object",
    "additionalProperties": false,
    "required": [
      "kind",
      "name",
      "tenants",
      "gateways"
    ],
    "properties": {
      "kind": {
        "const": "site"
      },
      "name": {
        "$ref": "names.json#/$defs/name"
      },
      "tenants": {
        "description": "Tenants present at the site, with the site's user keys in each tenant's account.",
        "type": "object",
        "propertyNames": {
          "$ref": "names.json#/$defs/name"
        },
        "additionalProperties": {
          "type": "object",
          "additionalProperties": false,
          "required": [
            "gateway"
          ],
          "properties": {
            "gateway": {
              "$ref": "names.json#/$defs/publicKey"
            },
            "leaf": {
              "$ref": "names.json#/$defs/publicKey"
            },
            "joined": {
              "description": "True where the site made these keys when the tenant came to it: it is told its users by its tables.",
              "const": true
            },
            "cutOff": {
              "description": "Why the watchdog keeps this link of the site out: its key is void.",
              "type": "string",
              "maxLength": 500
            }
          }
        }
      },
      "gateways": {
        "description": "The site's gateway replicas and the keys that sign their blocks, newest last.",
        "type": "object",
        "propertyNames": {
          "$ref": "names.json#/$defs/name"
        },
        "additionalProperties": {
          "type": "array",
          "minItems": 1,
          "items": {
            "$ref": "names.json#/$defs/publicKey"
          }
        }
      },
      "retired": {
        "description": "Gateway replicas that are no more, and the keys that signed their blocks: their chains have ended.",
        "type": "object",
        "propertyNames": {
          "$ref": "names.json#/$defs/name"
        },
        "additionalProperties": {
          "type": "array",
          "minItems": 1,
          "items": {
            "$ref": "names.json#/$defs/publicKey"
          }
        }
      },
      "registry": {
        "description": "Of the cloud: the keys that signed the registry’s own blocks, newest last.",
        "type": "array",
        "items": {
          "$ref": "names.json#/$defs/publicKey"
        }
      },
      "leaf": {
        "description": "Key of the site's own leaf user in CONTROL; none for the cloud.",
        "$ref": "names.json#/$defs/publicKey"
      },
      "hosts": {
        "description": "Names and addresses that the certificate of the site's server may be for; absent where it was founded before they were kept.",
        "type": "array",
        "items": {
          "type": "string"
        }
      },
      "own": {
        "description": "The site's own accounts as they were signed last: a new signing key of the operator signs them anew. Absent where it was founded before they were kept.",
        "type": "array",
        "items": {
          "type": "object",
          "additionalProperties": false,
          "required": [
            "publicKey",
            "jwt"
          ],
          "properties": {
            "publicKey": {
              "$ref": "names.json#/$defs/publicKey"
            },
            "jwt": {
              "type": "string"
            }
          }
        }
      },
      "revoked": {
        "description": "True where the keys of the site's users are void: it is cut off for good.",
        "const": true
      },
      "awaited": {
        "description": "Tenants that are to be at the site, and whose keys the site has not made yet.",
        "type": "array",
        "uniqueItems": true,
        "items": {
          "$ref": "names.json#/$defs/name"
        }
      },
      "formerTenants": {
        "description": "Tenants that were at the site: their last records may not be collected yet, their keys stay void there.",
        "type": "array",
        "uniqueItems": true,
        "items": {
          "$ref": "names.json#/$defs/name"
        }
      },
      "cutOff": {
        "description": "Why the watchdog keeps the site's own link out: its key is void.",
        "type": "string",
        "maxLength": 500
      },
      "rekey": {
        "description": "Keys that the site is asked to replace, by role, each with a name of this asking.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
          "gateway": {
            "$ref": "names.json#/$defs/token"
          },
          "leaf": {
            "$ref": "names.json#/$defs/token"
          }
        }
      },
      "replaced": {
        "description": "Keys that are void once the site uses those that took their place, by role and tenant; of CONTROL under control.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
          "gateway": {
            "$ref": "#/$defs/replacedKeys"
          },
          "leaf": {
            "$ref": "#/$defs/replacedKeys"
          }
        }
      },
      "rekeyed": {
        "description": "Roles whose keys were replaced since the site was founded: it learns its users from the registry.",
        "type": "array",
        "uniqueItems": true,
        "items": {
          "enum": [
            "gateway",
            "leaf"
          ]
        }
      }
    },
    "$defs": {
      "replacedKeys": {
        "type": "object",
        "propertyNames": {
          "$ref": "names.json#/$defs/name"
        },
        "additionalProperties": {
          "$ref": "names.json#/$defs/publicKey"
        }
      }
    }
  }
];

/** Where each message's schema is. */
export const messageRefs = {
  "AccountDocument": "account.json",
  "ApplyRequest": "admin-messages.json#/$defs/applyRequest",
  "ApplyReply": "admin-messages.json#/$defs/applyReply",
  "GetRequest": "admin-messages.json#/$defs/getRequest",
  "GetReply": "admin-messages.json#/$defs/getReply",
  "IssueRequest": "admin-messages.json#/$defs/issueRequest",
  "IssueReply": "admin-messages.json#/$defs/issueReply",
  "ConsoleRequest": "admin-messages.json#/$defs/consoleRequest",
  "ConsoleReply": "admin-messages.json#/$defs/consoleReply",
  "ExplainRequest": "admin-messages.json#/$defs/explainRequest",
  "ExplainReply": "admin-messages.json#/$defs/explainReply",
  "StatusReply": "admin-messages.json#/$defs/statusReply",
  "RevokeRequest": "admin-messages.json#/$defs/revokeRequest",
  "RevokeReply": "admin-messages.json#/$defs/revokeReply",
  "RevokeSiteRequest": "admin-messages.json#/$defs/revokeSiteRequest",
  "RevokeSiteReply": "admin-messages.json#/$defs/revokeSiteReply",
  "InviteRequest": "admin-messages.json#/$defs/inviteRequest",
  "InviteReply": "admin-messages.json#/$defs/inviteReply",
  "UninviteRequest": "admin-messages.json#/$defs/uninviteRequest",
  "UninviteReply": "admin-messages.json#/$defs/uninviteReply",
  "RemoveSiteRequest": "admin-messages.json#/$defs/removeSiteRequest",
  "InForceRequest": "admin-messages.json#/$defs/inForceRequest",
  "InForceReply": "admin-messages.json#/$defs/inForceReply",
  "Standing": "admin-messages.json#/$defs/standing",
  "DeleteRequest": "admin-messages.json#/$defs/deleteRequest",
  "DeleteReply": "admin-messages.json#/$defs/deleteReply",
  "RotateSigningRequest": "admin-messages.json#/$defs/rotateSigningRequest",
  "RotateSigningReply": "admin-messages.json#/$defs/rotateSigningReply",
  "RotateSiteRequest": "admin-messages.json#/$defs/rotateSiteRequest",
  "RotateSiteReply": "admin-messages.json#/$defs/rotateSiteReply",
  "RotateServiceRequest": "admin-messages.json#/$defs/rotateServiceRequest",
  "RotateServiceReply": "admin-messages.json#/$defs/rotateServiceReply",
  "AddTenantRequest": "admin-messages.json#/$defs/addTenantRequest",
  "AddTenantReply": "admin-messages.json#/$defs/addTenantReply",
  "RemoveTenantRequest": "admin-messages.json#/$defs/removeTenantRequest",
  "RemoveTenantReply": "admin-messages.json#/$defs/removeTenantReply",
  "AdminRecord": "admin-record.json",
  "ServedApi": "compiled.json#/$defs/servedApi",
  "VisibleApis": "compiled.json#/$defs/visibleApis",
  "IdleApis": "compiled.json#/$defs/idleApis",
  "Account": "compiled.json#/$defs/account",
  "User": "compiled.json#/$defs/user",
  "KnownCallers": "compiled.json#/$defs/knownCallers",
  "Rekey": "compiled.json#/$defs/rekey",
  "TenantMark": "compiled.json#/$defs/tenantMark",
  "RevisionMark": "compiled.json#/$defs/revisionMark",
  "PositionMark": "compiled.json#/$defs/positionMark",
  "PublishRequest": "control-messages.json#/$defs/publishRequest",
  "PublishReply": "control-messages.json#/$defs/publishReply",
  "BeatRequest": "control-messages.json#/$defs/beatRequest",
  "BeatReply": "control-messages.json#/$defs/beatReply",
  "QuotaRequest": "control-messages.json#/$defs/quotaRequest",
  "QuotaReply": "control-messages.json#/$defs/quotaReply",
  "Receipt": "control-messages.json#/$defs/receipt",
  "TenantKeys": "control-messages.json#/$defs/tenantKeys",
  "Announcement": "control-messages.json#/$defs/announcement",
  "RekeyRequest": "control-messages.json#/$defs/rekeyRequest",
  "RekeyReply": "control-messages.json#/$defs/rekeyReply",
  "CompiledRequest": "control-messages.json#/$defs/compiledRequest",
  "CompiledReply": "control-messages.json#/$defs/compiledReply",
  "CertificateRequest": "control-messages.json#/$defs/certificateRequest",
  "CertificateReply": "control-messages.json#/$defs/certificateReply",
  "EnrollRequest": "enroll-messages.json#/$defs/enrollRequest",
  "EnrollReply": "enroll-messages.json#/$defs/enrollReply",
  "Enrolled": "enroll-messages.json#/$defs/enrolled",
  "Invitation": "invitation.json",
  "Manifest": "manifest.json",
  "Policy": "policy.json",
  "AuditRecord": "record.json",
  "Refusal": "refusal.json",
  "RegisterRequest": "service-messages.json#/$defs/registerRequest",
  "RenewRequest": "service-messages.json#/$defs/renewRequest",
  "LeaseReply": "service-messages.json#/$defs/leaseReply",
  "WithdrawRequest": "service-messages.json#/$defs/withdrawRequest",
  "DiscoverRequest": "service-messages.json#/$defs/discoverRequest",
  "DiscoverReply": "service-messages.json#/$defs/discoverReply",
  "NoRouteReport": "service-messages.json#/$defs/noRouteReport",
  "Notification": "service-messages.json#/$defs/notification",
  "Service": "service.json",
  "Site": "site.json"
} as const;
