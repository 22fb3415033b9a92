<?xml version="1.0" encoding="UTF-8"?>
<!-- The sample's custom quote request as the request of SimpleStockQuoteService. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
    xmlns:m="http://services.samples" exclude-result-prefixes="m">
  <xsl:output method="xml" omit-xml-declaration="yes"/>
  <xsl:template match="/">
    <xsl:apply-templates select="//m:CheckPriceRequest"/>
  </xsl:template>
  <xsl:template match="m:CheckPriceRequest">
    <m:getQuote xmlns:m="http://services.samples">
      <m:request>
        <m:symbol><xsl:value-of select="m:Code"/></m:symbol>
      </m:request>
    </m:getQuote>
  </xsl:template>
</xsl:stylesheet>
