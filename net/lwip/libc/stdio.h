/* lwIP includes this for messages, which are compiled out. */
