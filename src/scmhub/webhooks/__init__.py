"""Webhooks: the hub follows the change feed in a partner's stead and posts each item to the partner's URL.

bolt registers a subscription and ``https://bolt.example/hook``. The hub keeps the cursor. When acme changes an order,
one replica, the one that holds the lock of this webhook, asks the plan of bolt's document what bolt may see *now*,
signs the answer and posts it. bolt says 204, the cursor moves. bolt's server is down for an hour: the item is judged
anew before each try, so a rule that acme took back meanwhile holds. cargo has no part in any of this.

``tables`` is what is kept, ``signing`` the signature (Standard Webhooks), ``desk`` what a registration is checked
against, ``api`` and ``commands`` the GraphQL of it, ``route`` the way through the log, ``message`` one message,
``courier`` one webhook at work,
``office`` which replica works for whom.
"""
